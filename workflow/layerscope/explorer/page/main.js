"use strict";
// The page: what is chosen, and what follows from each choice.

(function () {
  const {element} = layerscope;
  const byId = (id) => document.getElementById(id);
  // Choices that show another network, and with it all panels anew; others change what is drawn in them.
  const LISTS = ["dataset", "architecture", "activation", "seed", "sample", "embedding", "embedding_seed"];
  const NOT_EMBEDDED = " (not embedded)";
  const TELLING = ["dataset", "architecture", "activation", "seed", "embedding"];

  const state = {};
  // What the state shows: network, sample, source, input, rows of panels; and what is pointed at.
  const shown = {focus: null, hovered: null, panel: null, selected: [], drawn: null, colours: [], values: []};
  let turn = 0;

  async function start() {
    const catalogue = layerscope.catalogue();
    layerscope.mended.clear();
    document.title = `${catalogue.study}: explorer`;
    byId("study").textContent = catalogue.study;
    if (!catalogue.networks.length) {
      complain("This study embeds nothing, so there is nothing to explore.");
      return;
    }
    // Where fingers point, dragging scrolls the page, unless a person wants it otherwise.
    const drag = window.matchMedia("(pointer: coarse)").matches ? "none" : "lasso";
    Object.assign(state, {only: "all", near: "both", drag, part: "layers", rows: [], zoom: {}}, layerscope.readAddress());
    for (const [key, otherwise] of [["near", "both"], ["drag", drag]]) {
      layerscope.settle(state, key, Array.from(byId(key).options, (option) => option.value), otherwise);
    }
    listen();
    await showNetwork();
    document.body.dataset.ready = "yes";
  }

  function complain(message) {
    byId("message").textContent = message;
    byId("message").hidden = !message;
  }

  const fill = (pattern, names) => Object.entries(names).reduce((text, [name, value]) => text.replace(`{${name}}`, value), pattern);

  // Load what the choices name, and draw it.
  async function showNetwork() {
    const mine = ++turn;
    const catalogue = layerscope.catalogue();
    const wasLast = Boolean(shown.epochs) && state.epoch === shown.epochs[shown.epochs.length - 1];
    const before = state.embedding;
    const offered = offerChoices();
    // The same score of the other embedding.
    if (before !== state.embedding && state.score && state.score.startsWith(`${before}/`)) state.score = state.embedding + state.score.slice(before.length);
    const network = layerscope.networkOf(state);
    const {scripts} = catalogue;
    const {sample} = state;
    const load = (kind, name, keys) => layerscope.load(kind, `${name}/${sample}`, fill(scripts[kind], {...keys, sample}));
    const isEmbedded = offered.embedding.length > 0;
    const source = network.sources[state.seed];
    const input = catalogue.inputs[state.dataset];
    const hasInput = input && (input.samples[sample] || []).includes(state.embedding);
    if (!isEmbedded) Object.assign(shown, {network, ...layerscope.withoutPoints(state), input: null});
    else try {
      const [ofSample, ofSource, ofInput] = await Promise.all([
        load("sample", state.dataset, {dataset: state.dataset}),
        load("source", source, {source}),
        hasInput ? load("source", input.source, {source: input.source}) : null,
      ]);
      if (mine !== turn) return;
      Object.assign(shown, {network, sample: layerscope.unpackSample(ofSample), source: layerscope.unpackPredictions(ofSource), input: ofInput});
    } catch (error) {
      complain(error.message);
      return;
    }
    complain("");
    shown.epochs = layerscope.offeredEpochs(network, shown.source, state, wasLast);
    offerEpochs();
    const {placeOf, sheet} = shown.sample;
    if (sheet && !sheet.complete) sheet.addEventListener("load", () => paint(), {once: true});
    const lost = state.rows.filter((row) => !placeOf.has(row)).length;
    if (lost && shown.sample.n) layerscope.mended.set("rows", lost);
    // What is selected is so again where it can be seen.
    shown.selected = state.rows.filter((row) => placeOf.has(row)).map((row) => placeOf.get(row));
    shown.focus = shown.selected.length === 1 ? shown.selected[0] : null;
    shown.hovered = null;
    layerscope.forgetPictures();
    offerParts();
    offerColours();
    offerOnly();
    tellSample();
    await showPanels();
  }

  // Draw the panels of the chosen snapshot.
  async function showPanels() {
    tellEpoch();
    shown.rows = layerscope.rowsOfPanels(state, shown.network, shown.source, shown.input, shown.epochs);
    const isAlone = shown.rows.every((row) => row.panels.every((panel) => layerscope.layerOf(panel) === state.alone));
    await layerscope.drawPanels(shown.rows, shown.sample, isAlone, {hovered, tapped, pressed, untapped, selected, moved, focused, enlarged});
    await dressPanels();
  }

  // Show another snapshot in the same panels, or draw them anew where it has other layers.
  async function showEpoch() {
    tellEpoch();
    const rows = layerscope.rowsOfPanels(state, shown.network, shown.source, shown.input, shown.epochs);
    renameKeys(shown.rows, rows);
    shown.rows = rows;
    layerscope.clearOver();
    if (!layerscope.movePanels(rows, shown.sample, {arrived: dressPanels})) await showPanels();
  }

  // What is enlarged and pointed at stays so in the panels that take the place of others.
  function renameKeys(before, after) {
    const places = new Map(after.flatMap((row, number) => row.panels.map((panel) => [`${number}/${layerscope.layerOf(panel)}`, panel.key])));
    const renamed = before.flatMap((row, number) => row.panels.map((panel) => [panel.key, places.get(`${number}/${layerscope.layerOf(panel)}`)]));
    const {zoom, panel} = state;
    state.zoom = {};
    for (const [key, next] of renamed) if (zoom[key] && next) state.zoom[next] = zoom[key];
    state.panel = new Map(renamed.filter(([, next]) => next)).get(panel) || panel;
  }

  // All that is shown of the panels that are drawn: colours, what is left out, what is selected, scores.
  async function dressPanels() {
    const panels = layerscope.allPanels();
    shown.panel = panels.find((panel) => panel.key === state.panel) || panels[panels.length - 1] || null;
    const last = panels.filter((panel) => panel.row === 0);
    if (!panels.some((panel) => panel.key === state.panel)) shown.panel = last[Math.max(0, last.length - 2)] || shown.panel;
    for (const panel of layerscope.shownPanels()) if (state.zoom[panel.key]) layerscope.zoomPanel(panel, state.zoom[panel.key]);
    layerscope.dragInPanels(state.drag === "none" ? null : state.drag);
    colour();
    filter();
    layerscope.selectInPanels(shown.selected);
    showPictures();
    offerScores();
    tell();
    tellMended();
    await layerscope.drawCurve(byId("curve"), look());
  }

  function colour() {
    const found = layerscope.colourings(state, shown.sample, shown.source, layerscope.shownPanels(), shown.rows);
    shown.colours = found.colours;
    shown.values = found.values;
    shown.legend = found.legend;
    layerscope.colourPanels(shown.colours, shown.sample);
    layerscope.tellLegend(byId("legend"), found.legend, state.only, (only) => {
      state.only = only;
      byId("only").value = only;
      filter();
      colour();
      const chosen = document.querySelector("#legend .chosen");
      if (chosen) chosen.focus();
    });
    paint();
    write();
  }

  function filter() {
    const {sample, source} = shown;
    const [what, label] = state.only.split("/");
    const predicted = source.predictions[state.epoch];
    const isShown = {
      wrong: (place) => predicted && predicted.classes[place] !== sample.labels[place],
      class: (place) => sample.labels[place] === Number(label),
      wrongclass: (place) => predicted && sample.labels[place] === Number(label) && predicted.classes[place] !== sample.labels[place],
    }[what];
    shown.drawn = isShown ? Array.from({length: sample.n}, (_, place) => place).filter(isShown) : null;
    byId("drawn").textContent = shown.drawn && sample.n ? `${shown.drawn.length} of ${sample.n} shown` : "";
    layerscope.filterPanels(shown.drawn);
    paint();
    write();
  }

  const look = () => ({...shown, state: {...state, score: shown.score}, epoch: state.epoch, told: epochOf(shown.panel), name: fileName(), title: titleOf()});
  const embeddingSeeds = () => (layerscope.catalogue().embeddings[state.embedding] || {seeds: []}).seeds;
  const ofEmbeddingSeed = (before) => embeddingSeeds().length > 1 ? `${before}${state.embedding_seed}` : "";
  const fileName = () => [layerscope.catalogue().study, state.dataset, state.architecture, state.activation, `seed${state.seed}`, state.sample, state.embedding + ofEmbeddingSeed("_seed"), `epoch${state.epoch}`].join("-");
  const named = (value) => layerscope.named(String(value));
  const titleOf = () => `${named(state.architecture)} (${named(state.activation)}, seed ${state.seed}) on ${named(state.dataset)}, sample ${named(state.sample)}, ${named(state.embedding)}${ofEmbeddingSeed(" of seed ")}, colours: ${byId("colour").selectedOptions[0].textContent}${state.only === "all" ? "" : `, ${byId("only").selectedOptions[0].textContent}`}`;

  // The snapshot that a panel stands for. The input is the same beside all of them.
  const epochOf = (panel) => panel && shown.rows[panel.row] ? shown.rows[panel.row].epoch : state.epoch;

  function showPictures() {
    layerscope.hidePoints(Boolean(state.pictures && shown.sample.pictures));
    paint();
  }

  const waiting = new Set();
  // Paint what lies above the points of one panel, or of all, before the screen is drawn the next time.
  function paint(only) {
    if (!waiting.size) {
      requestAnimationFrame(() => {
        const current = look();
        for (const panel of layerscope.shownPanels()) if (waiting.has(panel)) layerscope.paintOver(panel, current);
        waiting.clear();
      });
    }
    for (const panel of only ? [only] : layerscope.shownPanels()) waiting.add(panel);
  }

  function tell() {
    layerscope.tellObservation(byId("observation"), look(), choose);
    layerscope.tellSelection(byId("selection"), look(), choose);
    layerscope.tellScores(byId("scores"), look(), chooseScore);
    for (const panel of layerscope.allPanels()) panel.element.classList.toggle("focused", panel === shown.panel);
    byId("clear").disabled = !shown.selected.length;
  }

  function hovered(place, panel) {
    if (place === shown.hovered) return;
    shown.hovered = place;
    if (place !== null && panel && panel !== shown.panel) {
      shown.panel = panel;
      state.panel = panel.key;
      tell();
      write();
    } else layerscope.tellObservation(byId("observation"), look(), choose);
    paint();
  }

  // What was selected before the first of two clicks: a double click shows the whole panel again, and selects nothing.
  const before = {selected: [], focus: null};

  function pressed() {
    Object.assign(before, {selected: shown.selected, focus: shown.focus});
  }

  function untapped() {
    layerscope.selectInPanels(before.selected);
    shown.focus = before.focus;
    tell();
    paint();
    write();
  }

  function tapped(place, added, panel) {
    if (place !== null) {
      shown.panel = panel;
      state.panel = panel.key;
    }
    if (place === null) {
      if (!added) forget();
    } else if (added) {
      const without = shown.selected.filter((other) => other !== place);
      layerscope.selectInPanels(without.length < shown.selected.length ? without : [...without, place]);
    } else {
      shown.selected = [];
      choose(place);
    }
  }

  function forget() {
    shown.focus = null;
    layerscope.selectInPanels([]);
    tell();
    paint();
  }

  function selected(places) {
    shown.selected = Array.from(places);
    if (!shown.selected.includes(shown.focus)) shown.focus = shown.selected.length === 1 ? shown.selected[0] : null;
    state.rows = shown.selected.map((place) => shown.sample.rows[place]);
    tell();
    paint();
    write();
  }

  // Look at one observation: it stays in focus among what is selected, or is selected alone.
  function choose(place) {
    shown.focus = place;
    shown.hovered = null;
    if (!shown.selected.includes(place)) {
      shown.selected = [place];
      state.rows = [shown.sample.rows[place]];
      layerscope.selectInPanels(shown.selected);
    }
    tell();
    paint();
    write();
    uncover();
  }

  // On a narrow screen the observation is pinned to the bottom: scroll what it is of out from under it.
  function uncover() {
    const card = byId("observation");
    if (!shown.panel || getComputedStyle(card).position !== "sticky") return;
    const below = shown.panel.element.getBoundingClientRect().bottom - (window.innerHeight - card.offsetHeight);
    if (below > 0) window.scrollBy({top: below + 8});
  }

  function moved(panel) {
    const ends = layerscope.zoomOf(panel);
    if (ends) state.zoom[panel.key] = ends;
    else delete state.zoom[panel.key];
    paint(panel);
    write();
  }

  function focused(panel) {
    shown.panel = layerscope.allPanels().find((one) => one.key === panel.key) || shown.panel;
    state.panel = shown.panel.key;
    tell();
    write();
  }

  function leaveSelection() {
    if (state.rows.length) layerscope.mended.set("rows", state.rows.length);
    state.rows = [];
  }

  async function enlarged(panel) {
    state.alone = state.alone ? "" : layerscope.layerOf(panel);
    state.panel = panel.key;
    await showPanels();
    const same = layerscope.allPanels().find((one) => one.key === panel.key);
    const button = same && same.element.querySelector(".enlarge");
    if (button) button.focus();
  }

  async function chooseScore(score) {
    state.score = shown.score = score;
    tell();
    const chosen = document.querySelector("#scores .chosen button");
    if (chosen) chosen.focus();
    write();
    await layerscope.drawCurve(byId("curve"), look());
  }

  let writing = null;
  function write() {
    clearTimeout(writing);
    writing = setTimeout(() => layerscope.writeAddress(state), 100);
  }

  // Controls

  // What is chosen in a list, and of which layer if it is a unit.
  function told(list) {
    const [option] = list.selectedOptions;
    if (!option) return "nothing";
    const name = option.textContent.replace(NOT_EMBEDDED, "");
    return option.value.startsWith("unit/") ? `${name} (${option.parentElement.label})` : name;
  }

  function options(list, entries, value) {
    const key = list.id;
    if (layerscope.mended.has(key) && list.value === String(layerscope.mended.get(key)) && list.selectedOptions.length) {
      layerscope.mended.set(key, told(list));
    }
    list.replaceChildren();
    if (!entries.length) [entries, value] = [[{value: "", name: "none"}], ""];
    const groups = new Map();
    for (const entry of entries) {
      const option = element("option", "", entry.name);
      option.value = entry.value;
      let holder = list;
      if (entry.group) {
        if (!groups.has(entry.group)) {
          const group = element("optgroup");
          group.label = entry.group;
          groups.set(entry.group, group);
          list.append(group);
        }
        holder = groups.get(entry.group);
      }
      holder.append(option);
    }
    list.value = value;
    // A choice of one says what is shown; of the others it says nothing.
    list.disabled = entries.length < 2;
    list.closest("label").hidden = entries.length < 2 && !TELLING.includes(list.id);
  }

  function offerChoices() {
    const offered = layerscope.offered(state);
    const keys = [];
    for (const key of LISTS) {
      // With the choices before it: a value of which nothing is embedded says so.
      const isEmbedded = (value) => key.startsWith("embedding") || offered[key].length < 2 || layerscope.isEmbedded({...state, [key]: value}, ...keys, key);
      const entries = offered[key].map((value) => ({value: String(value), name: `${named(value)}${isEmbedded(value) ? "" : NOT_EMBEDDED}`}));
      options(byId(key), entries, String(state[key]));
      keys.push(key);
    }
    byId("beside").checked = state.beside;
    return offered;
  }

  function offerEpochs() {
    const slider = byId("epoch");
    slider.max = shown.epochs.length - 1;
    slider.value = shown.epochs.indexOf(state.epoch);
    slider.closest("label").hidden = shown.network.snapshots.length < 2;
    slider.disabled = shown.epochs.length < 2;
  }

  function tellEpoch() {
    byId("epochname").textContent = layerscope.epochName(shown.network, state.epoch);
    const beside = byId("beside");
    beside.closest("label").hidden = shown.epochs.length < 2;
    beside.nextSibling.textContent = ` ${layerscope.epochName(shown.network, shown.epochs[0]).split(" (")[0]} beside`;
  }

  function offerParts() {
    const parts = layerscope.parts(shown.source, state);
    options(byId("part"), parts.map((part) => ({value: part, name: part === "layers" ? "all layers" : `filters of ${part}`})), state.part);
  }

  function offerColours() {
    const offered = layerscope.offeredColourings(shown.sample, shown.source);
    layerscope.settle(state, "colour", offered.map((one) => one.value), offered.length ? offered[0].value : "");
    options(byId("colour"), offered, state.colour);
  }

  function offerOnly() {
    const {sample, source} = shown;
    const offered = [{value: "all", name: "all observations"}];
    const predicts = Object.values(source.predictions).some((one) => one.classes);
    if (predicts) offered.push({value: "wrong", name: "only misclassified"});
    (sample.classes || []).forEach((name, label) => offered.push({value: `class/${label}`, name: `only ${name}`, group: "a class"}));
    if (predicts) sample.classes.forEach((name, label) => offered.push({value: `wrongclass/${label}`, name: `only misclassified ${name}`, group: "mistakes of a class"}));
    if (sample.n) layerscope.settle(state, "only", offered.map((one) => one.value), "all");
    options(byId("only"), offered, sample.n ? state.only : "all");
    byId("pictures").closest("label").hidden = !sample.pictures;
    byId("pictures").checked = Boolean(state.pictures);
  }

  function offerScores() {
    const offered = layerscope.offeredScores({...shown, state});
    // A network of which nothing is embedded has no scores of embeddings: what was chosen comes back with them.
    if (shown.sample.n) layerscope.settle(state, "score", offered, offered[0]);
    shown.score = offered.includes(state.score) ? state.score : offered[0];
  }

  function tellSample() {
    const {sample, epochs, network} = shown;
    for (const ofPoints of ["table", "png", "svg", "find", "near", "drag"]) byId(ofPoints).disabled = !sample.n;
    byId("about").textContent = !sample.n ? "Nothing of this network is embedded." : [
      sample.n < sample.total
        ? `${sample.n} of ${sample.total} observations of ${sample.split} are drawn: a random part of each class, the same for all networks.`
        : `${sample.n} observations of ${sample.split}.`,
      epochs.length < network.snapshots.length ? `${epochs.length} of ${network.snapshots.length} snapshots of this network are in this embedding.` : "",
    ].filter(Boolean).join(" ");
  }

  // Say what was chosen and is not there, until the next choice.
  function tellMended() {
    const lines = [...layerscope.mended].map(([key, before]) => {
      const list = byId(key);
      if (key === "alone") return `${before.replace(".", ", filter ")} is not embedded here: all panels are shown.`;
      if (key === "rows") return `${before} selected row${before === 1 ? " is" : "s are"} not in what is shown now.`;
      if (key === "epoch") return `No snapshot of epoch ${before} here: ${layerscope.epochName(shown.network, state.epoch)} instead.`;
      if (key === "score") return `No ${layerscope.toldScore(before)} here: ${layerscope.toldScore(state.score)} instead.`;
      return `${list.closest("label").firstChild.textContent.trim()}: no ${before} here, ${told(list)} instead.`;
    });
    byId("mended").textContent = lines.join(" ");
    byId("mended").hidden = !lines.length;
    layerscope.mended.clear();
  }

  function find(text) {
    const row = Number(text);
    if (text.trim() === "" || !shown.sample.placeOf.has(row)) {
      complain(text.trim() === "" ? "" : `Row ${text} is not among the observations that are drawn.`);
      return;
    }
    const place = shown.sample.placeOf.get(row);
    complain(shown.drawn && !shown.drawn.includes(place) ? `Row ${text} is left out by what is shown (${byId("only").selectedOptions[0].textContent}).` : "");
    choose(place);
  }

  function listen() {
    // Before what a choice itself has to say.
    document.addEventListener("change", () => { complain(""); tellMended(); }, true);
    for (const key of LISTS) {
      byId(key).addEventListener("change", () => {
        state[key] = key.endsWith("seed") ? Number(byId(key).value) : byId(key).value;
        state.zoom = {};
        // Other datasets have other observations at the same rows.
        if (key === "dataset") leaveSelection();
        showNetwork();
      });
    }
    byId("epoch").addEventListener("input", () => {
      state.epoch = shown.epochs[Number(byId("epoch").value)];
      showEpoch();
    });
    byId("beside").addEventListener("change", () => { state.beside = byId("beside").checked; showPanels(); });
    byId("part").addEventListener("change", () => { Object.assign(state, {part: byId("part").value, zoom: {}, alone: ""}); showPanels(); });
    byId("colour").addEventListener("change", () => { state.colour = byId("colour").value; colour(); });
    byId("only").addEventListener("change", () => { state.only = byId("only").value; filter(); colour(); });
    byId("near").addEventListener("change", () => { state.near = byId("near").value; paint(); write(); });
    byId("drag").addEventListener("change", () => {
      state.drag = byId("drag").value;
      layerscope.dragInPanels(state.drag === "none" ? null : state.drag);
      write();
    });
    byId("pictures").addEventListener("change", () => { state.pictures = byId("pictures").checked; showPictures(); write(); });
    byId("find").addEventListener("change", () => find(byId("find").value));
    // The same row once more, which is no change.
    byId("find").addEventListener("keydown", (event) => { if (event.key === "Enter") find(byId("find").value); });
    byId("clear").addEventListener("click", () => { complain(""); forget(); });
    byId("table").addEventListener("click", () => {
      const hidden = shown.drawn && shown.selected.length && !shown.selected.some((place) => shown.drawn.includes(place));
      if (hidden) complain(`Nothing was saved: what is selected is left out by what is shown (${byId("only").selectedOptions[0].textContent}).`);
      else layerscope.saveTable(look());
    });
    byId("png").addEventListener("click", () => layerscope.savePicture(look()));
    byId("svg").addEventListener("click", () => layerscope.saveDrawing(look()));
    let width = window.innerWidth;
    let resizing = null;
    window.addEventListener("resize", () => {
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      clearTimeout(resizing);
      resizing = setTimeout(showPanels, 200);
    });
    window.addEventListener("hashchange", () => location.reload());
    byId("near").value = state.near;
    byId("drag").value = state.drag;
  }

  layerscope.state = state;
  layerscope.look = look;
  document.addEventListener("DOMContentLoaded", start);
})();
