"use strict";
// The scores of what is shown: a table beside the panels, a value below each, and the curve of one score over depth.

(function () {
  const {element, short} = layerscope;
  const OF_NETWORK = "run";

  layerscope.scoreName = (score) => (layerscope.catalogue().scores[score] || {}).label || score.replaceAll("_", " ");

  // The rows of scores of a kind of network as objects; of several seeds each.
  layerscope.scoreRows = function (network) {
    const scores = layerscope.page("scores");
    const found = scores && scores.rows[network.name];
    if (!found) return {seeds: [], rows: []};
    if (!found.read) {
      found.read = found.rows.map((row) => Object.fromEntries(scores.columns.map((column, place) => [column, row[place]])));
    }
    return {seeds: found.seeds, rows: found.read};
  };

  function spread(values) {
    const there = values.filter((value) => value !== null);
    const mean = there.reduce((sum, value) => sum + value, 0) / there.length;
    const deviation = there.length > 1 ? Math.sqrt(there.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (there.length - 1)) : null;
    return {n: there.length, mean, deviation};
  }

  // Those rows that tell of what the panels show: the layers themselves, their embedding, and the network as such.
  function told(state, sample, rows) {
    return rows.filter((row) => row.space === OF_NETWORK
      ? row.sample === state.sample || row.sample === sample.split
      : row.sample === state.sample && (row.space === "raw" || row.space === state.embedding));
  }

  // Scores of a network that have a layer are of that layer.
  const SPACES = {raw: "in the space of the layer", run: "of the layer"};
  const spaceOf = (space) => SPACES[space] || `in the embedding ${layerscope.named(space)}`;
  const key = (row) => `${row.space}/${row.score}`;

  // "raw/knn_accuracy" → the score in words.
  layerscope.toldScore = function (named) {
    const [space, score] = named.split("/");
    if (score === undefined) return named;
    return `${layerscope.scoreName(score)} ${spaceOf(space)}`;
  };

  // Write the value of the chosen score below each panel, the table of all scores of one panel, and the curve.
  layerscope.tellScores = function (holder, look, chosen) {
    const {state, network, sample, panel} = look;
    const {seeds, rows} = layerscope.scoreRows(network);
    const place = seeds.indexOf(state.seed);
    const known = told(state, sample, rows);
    holder.replaceChildren();
    const values = layerscope.allPanels().map((one) => {
      one.value.textContent = valueBelow(one, known, state, place);
      return one.value.textContent;
    });
    document.getElementById("above").textContent = values.some(Boolean) ? `Above each panel: ${layerscope.toldScore(state.score)}.` : "";
    if (!known.length || !panel) {
      holder.append(element("p", "hint", rows.length ? "No score of what is shown." : "This network has no scores."));
      return;
    }
    const table = element("table");
    const head = element("tr");
    const all = seeds.length > 1 ? `all ${seeds.length} seeds` : "";
    for (const text of ["", `seed ${state.seed}`, all, "chance"]) head.append(element("th", "", text));
    table.append(head);
    const isTold = (row) => row.layer === "" ? row.epoch === look.told : row.epoch === panel.epoch && row.layer === panel.layer && isPart(row, panel);
    const ofPanel = known.filter(isTold);
    const ofLayers = ofPanel.filter((row) => row.layer !== "");
    const groups = ["raw", state.embedding, OF_NETWORK].map((space) => [spaceOf(space), ofLayers.filter((row) => row.space === space)]);
    const when = panel.layer === "input" ? `, ${layerscope.epochName(network, look.told)}` : "";
    groups.push([`of the network${when}`, ofPanel.filter((row) => row.layer === "")]);
    for (const [title, inSpace] of groups) {
      if (!inSpace.length) continue;
      const line = element("tr", "space");
      const cell = element("th", "", title);
      cell.colSpan = 4;
      line.append(cell);
      table.append(line);
      for (const row of inSpace) table.append(lineOf(row, place, state, seeds, chosen));
    }
    const what = panel.filter === null ? panel.title : `${panel.layer}, means over its filters`;
    const snapshot = panel.layer === "input" ? "" : `, ${layerscope.epochName(network, panel.epoch)}`;
    holder.append(element("h3", "", `Scores of ${what}${snapshot}`), table);
  };

  // Of single filters the study's table has the mean alone.
  function isPart(row, panel) {
    return panel.filter === null ? row.filter === "" : row.filter !== "";
  }

  function lineOf(row, place, state, seeds, chosen) {
    const line = element("tr", "score");
    const about = layerscope.catalogue().scores[row.score] || {};
    const {n, mean, deviation} = spread(row.values);
    // What is of the network as a whole has no curve over depth.
    const ofNetwork = row.layer === "";
    const name = element(ofNetwork ? "span" : "button", "", layerscope.scoreName(row.score) + (ofNetwork ? ` (${layerscope.named(row.sample)})` : ""));
    name.title = [about.unit && `unit: ${about.unit}`, betterIs(about), !ofNetwork && "click for its curve over depth"].filter(Boolean).join("\n");
    if (!ofNetwork) {
      name.type = "button";
      name.addEventListener("click", () => chosen(key(row)));
    }
    const first = element("td");
    first.append(name);
    const own = place < 0 ? null : row.values[place];
    const some = n < seeds.length ? ` (${n} of them)` : "";
    // The input is one for all networks: its scores have no spread.
    const plusMinus = deviation === null || row.depth === 0 ? "" : ` ± ${short(Number(deviation.toPrecision(2)))}`;
    const all = seeds.length < 2 ? "" : n ? `${short(Number(mean.toPrecision(3)))}${plusMinus}${some}` : "–";
    const cells = [own === null ? "–" : short(own), all, row.chance === null ? "" : short(Number(row.chance.toPrecision(3)))].map((text) => element("td", "", text));
    line.append(first, ...cells);
    line.classList.toggle("chosen", !ofNetwork && state.score === key(row));
    const {reasons} = layerscope.page("scores");
    const flags = row.flags.filter((reason) => reason > 0).length;
    if (place >= 0 && row.flags[place]) cells[0].append(flag("flagged", reasons[row.flags[place]]));
    if (flags && seeds.length > 1) cells[1].append(flag(`${flags} flagged`, seeds.filter((_, at) => row.flags[at]).map((seed) => `seed ${seed}: ${reasons[row.flags[seeds.indexOf(seed)]]}`).join("\n")));
    return line;
  }

  function flag(text, why) {
    const made = element("small", "flag", text);
    made.title = why;
    return made;
  }

  const betterIs = (about) => about.higher_is_better === true ? "more is better" : about.higher_is_better === false ? "less is better" : "";

  function valueBelow(panel, known, state, place) {
    const row = known.find((one) => key(one) === state.score && one.layer === panel.layer && one.epoch === panel.epoch && one.filter === "");
    if (!row || panel.filter !== null) return "";
    const own = place < 0 ? null : row.values[place];
    return own === null ? "" : short(own);
  }

  // The score that is shown first: one of the embedding, or of the layers.
  layerscope.offeredScores = function (look) {
    const {seeds, rows} = layerscope.scoreRows(look.network);
    const ofAll = told(look.state, look.sample, rows).filter((row) => row.layer !== "");
    const place = seeds.indexOf(look.state.seed);
    const ofSeed = ofAll.filter((row) => row.values[place] !== null && row.values[place] !== undefined);
    // A network whose training diverged has no values, and its scores are told with the reason.
    const known = ofSeed.length ? ofSeed : ofAll;
    const isAccuracy = (row) => row.space === "raw" && (layerscope.catalogue().scores[row.score] || {}).is_accuracy;
    return [...new Set([...known.filter(isAccuracy), ...known].map(key))];
  };

  // Mean and standard deviation over seeds against depth, one line a state.
  layerscope.drawCurve = async function (holder, look) {
    const {state, network, sample} = look;
    holder.replaceChildren();
    const {seeds, rows} = layerscope.scoreRows(network);
    const own = told(state, sample, rows).filter((row) => key(row) === state.score && row.layer !== "");
    if (!own.length) return;
    const whole = own.filter((row) => row.filter === "");
    const [first, last] = [network.snapshots[0], network.snapshots[network.snapshots.length - 1]];
    const epochs = [...new Set([last, state.epoch, first])].filter((epoch) => whole.some((row) => row.epoch === epoch && row.depth > 0));
    const score = whole[0].score;
    const wholeOnly = look.panel && look.panel.filter !== null ? "whole layers, " : "";
    holder.append(element("h3", "", `${layerscope.scoreName(score)} ${spaceOf(whole[0].space)} over depth: ${wholeOnly}mean and standard deviation over ${seeds.length} seed${seeds.length === 1 ? "" : "s"}`));
    const plot = element("div", "curve");
    const explained = element("p", "explained");
    holder.append(explained, plot);
    const explain = (text, line, colour) => {
      const key = element("span", "", text);
      key.style.setProperty("--line", `2px ${line} ${colour}`);
      explained.append(key);
    };
    const width = Math.max(260, Math.min(640, holder.clientWidth));
    const layers = new Map(whole.sort((a, b) => a.depth - b.depth).map((row) => [row.depth, row.layer]));
    const figure = Bokeh.Plotting.figure({
      width, height: 220, toolbar_location: null, tools: [], min_border_right: 12, x_axis_label: "layer",
    });
    const looks = {[state.epoch]: ["#029e73", "dashdot"], [first]: ["#de8f05", "dashed"], [last]: ["#0173b2", "solid"]};
    for (const epoch of epochs) {
      const points = whole.filter((row) => row.epoch === epoch || row.depth === 0).map((row) => ({depth: row.depth, chance: row.chance, ...spread(row.values)}))
        .filter((one) => one.n > 0).sort((a, b) => a.depth - b.depth);
      const x = points.map((one) => one.depth);
      const mean = points.map((one) => one.mean);
      const half = points.map((one) => one.deviation || 0);
      const [colour, dash] = looks[epoch];
      figure.varea({x, y1: mean.map((value, at) => value - half[at]), y2: mean.map((value, at) => value + half[at]), fill_color: colour, fill_alpha: 0.15});
      figure.line({x, y: mean, line_color: colour, line_width: 2, line_dash: dash});
      figure.scatter({x, y: mean, size: 6, fill_color: colour, line_color: null});
      explain(layerscope.epochName(network, epoch), dash === "solid" ? dash : "dashed", colour);
      const chances = points.filter((one) => one.chance !== null);
      if (epoch === epochs[0] && chances.length) {
        explain("chance", "dotted", "#777777");
        figure.line({x: chances.map((one) => one.depth), y: chances.map((one) => one.chance), line_color: "#777777", line_dash: "dotted"});
      }
    }
    figure.xaxis.ticker = new Bokeh.FixedTicker({ticks: [...layers.keys()]});
    figure.xaxis.major_label_overrides = new Map([...layers].map(([depth, layer]) => [depth, layer]));
    figure.xaxis.major_label_orientation = layers.size > 6 ? 0.7 : "horizontal";
    await Bokeh.Plotting.show(figure, plot);
  };
})();
