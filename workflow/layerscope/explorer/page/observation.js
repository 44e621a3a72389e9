"use strict";
// What is told of single observations: picture or row, label, prediction, neighbours; and the list of what is selected.

(function () {
  const MOST_LISTED = 80;

  const {element} = layerscope;

  layerscope.short = function (value) {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    return size !== 0 && (size < 0.0001 || size >= 100000) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  };

  // A canvas with the picture of an observation, or null where it has none.
  function picture(sample, place, side) {
    if (!sample.pictures) return null;
    const {across, width, height} = sample.pictures;
    const canvas = element("canvas", "picture");
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${Math.round(side * width / Math.max(width, height))}px`;
    canvas.style.height = `${Math.round(side * height / Math.max(width, height))}px`;
    const draw = () => canvas.getContext("2d").drawImage(
      sample.sheet, place % across * width, Math.floor(place / across) * height, width, height, 0, 0, width, height);
    if (sample.sheet.complete) draw();
    else sample.sheet.addEventListener("load", draw);
    return canvas;
  }

  const asNumber = (what, value) => [what, layerscope.short(value), false, value];

  // [[what, text, whether it is a mistake, its number if it is one]] of everything that is known of an observation.
  layerscope.facts = function (sample, source, epoch, place) {
    const facts = [["row", `${sample.rows[place]} of ${sample.split}`]];
    const predicted = source && source.predictions[epoch];
    if (sample.labels) facts.push(["label", sample.classes[sample.labels[place]]]);
    if (predicted && predicted.classes) {
      const wrong = predicted.classes[place] !== sample.labels[place];
      facts.push(["predicted", sample.classes[predicted.classes[place]], wrong]);
    }
    (sample.targets || []).forEach((target, number) => {
      facts.push(asNumber(target.name, target.values[place]));
      if (predicted && predicted.targets) facts.push(asNumber(`predicted ${target.name}`, predicted.targets[number][place]));
    });
    if (predicted && Number.isFinite(predicted.losses[place])) facts.push(asNumber("loss", predicted.losses[place]));
    return facts;
  };

  // look: {sample, source, told, rows, network, focus, hovered, panel, selected}. chosen(place): called for the observation that is clicked.
  layerscope.tellObservation = function (holder, look, chosen) {
    const place = look.hovered !== null ? look.hovered : look.focus;
    holder.replaceChildren();
    if (place === null && !look.sample.n) return;
    if (place === null) {
      holder.append(element("p", "hint", "Point at a dot to see the observation. Click it, or draw around several, to select."));
      return;
    }
    const {sample} = look;
    const card = element("div", "card");
    const seen = picture(sample, place, 96);
    if (seen) card.append(seen);
    const list = element("dl");
    const facts = layerscope.facts(sample, look.source, look.told, place);
    for (const [what, text, wrong] of facts) list.append(element("dt", "", what), element("dd", wrong ? "wrong" : "", text));
    if (look.rows.length > 1 && facts.some(([what]) => what.startsWith("predicted") || what === "loss")) {
      list.append(element("dt", "", "as of"), element("dd", "", layerscope.epochName(look.network, look.told)));
    }
    card.append(list);
    holder.append(card);
    if (sample.values) holder.append(element("p", "values", rowOf(sample, place)));
    if (look.panel && look.panel.embedding) tellNeighbors(holder, look, place, chosen);
  };

  function rowOf(sample, place) {
    const {columns, of, values} = sample.values;
    const shown = Array.from(values.subarray(place * columns, (place + 1) * columns), layerscope.short).join(", ");
    return `${shown}${of > columns ? `, … (${columns} of ${of} values)` : ""}`;
  }

  function tellNeighbors(holder, look, place, chosen) {
    const {panel} = look;
    const inLayer = panel.filter === null ? layerscope.nearestInLayer(panel.source, `${panel.epoch}/${panel.layer}`, place) : null;
    const inEmbedding = layerscope.nearestInEmbedding(layerscope.coordinates(panel.embedding), place, layerscope.NEIGHBORS);
    holder.append(element("h4", "", `Nearest in ${panel.title} (solid lines)`));
    if (inLayer) holder.append(strip(look, inLayer, chosen));
    else holder.append(element("p", "hint", "The study has no neighbours in the space of this panel."));
    holder.append(element("h4", "", "Nearest in its embedding (dashed lines)"), strip(look, inEmbedding, chosen));
  }

  // Observations in a line: those of another class than the first told are marked.
  function strip(look, places, chosen, most = layerscope.NEIGHBORS) {
    const line = element("div", "strip");
    for (const place of places.slice(0, most)) line.append(button(look, place, chosen));
    return line;
  }

  function button(look, place, chosen) {
    const {sample} = look;
    const made = element("button", "observation");
    const label = sample.labels ? sample.classes[sample.labels[place]] : String(sample.rows[place]);
    made.type = "button";
    made.dataset.row = sample.rows[place];
    made.title = layerscope.facts(sample, look.source, look.told, place).map(([what, text]) => `${what}: ${text}`).join("\n");
    const seen = picture(sample, place, 28);
    if (seen) made.append(seen);
    made.append(element("span", "", label));
    if (sample.labels) made.style.borderColor = sample.palette[sample.labels[place]];
    made.addEventListener("click", () => chosen(place));
    return made;
  }

  layerscope.tellSelection = function (holder, look, chosen) {
    holder.replaceChildren();
    const {selected} = look;
    if (!selected.length) return;
    holder.append(element("h3", "", `${selected.length} selected`));
    holder.append(strip(look, selected, chosen, MOST_LISTED));
    if (selected.length > MOST_LISTED) holder.append(element("p", "hint", `and ${selected.length - MOST_LISTED} more`));
  };

  layerscope.tellLegend = function (holder, legend, only, chosen) {
    holder.replaceChildren();
    if (legend.text) holder.append(element("p", "hint", legend.text));
    for (const [name, colour, label] of legend.classes || []) {
      const made = element("button", "key");
      made.type = "button";
      const spot = element("i");
      spot.style.background = colour;
      made.append(spot, element("span", "", name));
      if (label === undefined) made.disabled = true;
      else {
        made.classList.toggle("chosen", only === `class/${label}`);
        made.addEventListener("click", () => chosen(only === `class/${label}` ? "all" : `class/${label}`));
      }
      holder.append(made);
    }
    if (legend.ramp) {
      const bar = element("div", "ramp");
      bar.style.background = `linear-gradient(to right, ${legend.ramp.join(", ")})`;
      const ends = element("div", "ends");
      ends.append(element("span", "", layerscope.short(legend.low)), element("span", "", legend.what), element("span", "", layerscope.short(legend.high)));
      holder.append(bar, ends);
    }
  };
})();
