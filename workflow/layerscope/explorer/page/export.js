"use strict";
// Save the selection as a table, and what is shown as a picture.

(function () {
  const GAP = 10;
  const CAPTION = 18;
  const TITLE = 24;
  const TITLE_FONT = 13;
  // Of the key below: the height of a line, about the width of a letter, and the length of a ramp.
  const LINE = 16;
  const LETTER = 7;
  const RAMP = 160;
  // Of numbers in a saved table: those of float32.
  const DIGITS = 7;
  // Pixels of a saved picture for each of the screen, enough for print.
  const SHARPNESS = 3;

  function save(name, blob) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  const cell = (value) => {
    const text = value === null || value === undefined || Number.isNaN(value) ? "" : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
  };

  // A row for each selected observation that is drawn, or for all that are: what is known of it, and its coordinates in every panel.
  layerscope.selectionAsTable = function (look) {
    const {sample, source, epoch} = look;
    const panels = layerscope.shownPanels();
    const drawn = look.drawn || Array.from({length: sample.n}, (_, place) => place);
    const chosen = new Set(look.selected);
    const places = chosen.size ? drawn.filter((place) => chosen.has(place)) : drawn;
    const facts = (place) => new Map(layerscope.facts(sample, source, epoch, place).slice(1)
      .map(([what, text, , value]) => [what, value === undefined ? text : Number(value.toPrecision(DIGITS))]));
    const of = places.length ? places : Array.from({length: sample.n}, (_, place) => place);
    // A loss that is not finite is no fact of an observation.
    const known = [...new Set(of.flatMap((place) => [...facts(place).keys()]))];
    const dated = (what) => what === "loss" || what.startsWith("predicted") ? `${what} epoch ${epoch}` : what;
    const head = ["row", "split", ...known.map(dated)];
    const told = valuesOfColours(look, panels, head);
    head.push(...told.map(([what]) => what));
    for (const panel of panels) head.push(...["x", "y"].map((axis) => `${axis} ${panel.title}${ofEpoch(panel)}`));
    const lines = [head];
    for (const place of places) {
      const ofPlace = facts(place);
      const line = [sample.rows[place], sample.split, ...known.map((what) => ofPlace.get(what))];
      line.push(...told.map(([, values]) => Number.isFinite(values[place]) ? inDigits(values[place], values.step) : ""));
      for (const panel of panels) {
        const {x, y} = layerscope.coordinates(panel.embedding);
        const [left, bottom, side] = panel.embedding.frame;
        line.push(Number((left + x[place] * side).toPrecision(6)), Number((bottom + y[place] * side).toPrecision(6)));
      }
      lines.push(line);
    }
    return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  };

  // A number in no more digits than are known of it. step: how far apart the values lie that are kept, if they are rounded.
  function inDigits(value, step) {
    return step ? Number(value.toFixed(Math.max(0, Math.min(20, Math.ceil(-Math.log10(step)))))) : Number(value.toPrecision(DIGITS));
  }

  // [head, values] of the numbers by which points are coloured, that are not known of them anyway: of each snapshot, or layer.
  function valuesOfColours(look, panels, known) {
    const found = new Map();
    panels.forEach((panel, number) => {
      const values = look.values[number];
      const inLayer = look.state.colour.startsWith("score/") && !look.state.colour.startsWith("score/run/");
      const head = `${look.legend.what} ${inLayer ? `${panel.title}${ofEpoch(panel)}` : `epoch ${look.rows[panel.row].epoch}`}`;
      if (values && !known.includes(head) && !known.includes(look.legend.what)) found.set(head, values);
    });
    return [...found];
  }

  layerscope.saveTable = function (look) {
    save(`${look.name}.csv`, new Blob([layerscope.selectionAsTable(look)], {type: "text/csv"}));
  };

  // Where each panel of the view lies in a saved picture, and how large that is.
  function arranged() {
    const holder = document.getElementById("panels").getBoundingClientRect();
    const places = layerscope.shownPanels().map((panel) => {
      const box = panel.over.getBoundingClientRect();
      return {panel, left: GAP + box.left - holder.left, top: TITLE + GAP + box.top - holder.top, side: panel.side};
    });
    const width = Math.max(...places.map((one) => one.left + one.side)) + GAP;
    const height = Math.max(...places.map((one) => one.top + one.side)) + GAP;
    return {places, width, height};
  }

  function widthOf(text, size) {
    const context = document.createElement("canvas").getContext("2d");
    context.font = `${size}px sans-serif`;
    return Math.ceil(context.measureText(text).width);
  }

  // The input is the same at every snapshot.
  const ofEpoch = (panel) => panel.layer === "input" ? "" : ` epoch ${panel.epoch}`;
  const captionOf = (panel) => `${panel.title}${ofEpoch(panel) && ","}${ofEpoch(panel)}`;

  // What colours mean, below the panels: classes in lines, or the ends of the ramp; and how high it is.
  function keyOf(make, legend, width, top) {
    const key = make("g", {"font-size": 12, class: "key"});
    let [x, y] = [GAP, top + LINE - 4];
    for (const [name, colour] of legend.classes || []) {
      const wide = 2 * LINE + LETTER * name.length;
      if (x > GAP && x + wide > width) [x, y] = [GAP, y + LINE];
      key.append(make("circle", {cx: x + 5, cy: y - 4, r: 4, fill: colour}), make("text", {x: x + 14, y}, name));
      x += wide;
    }
    if (legend.ramp) {
      const stops = make("linearGradient", {id: "ramp"});
      legend.ramp.forEach((colour, at) => stops.append(make("stop", {offset: at / (legend.ramp.length - 1), "stop-color": colour})));
      const [low, high] = [layerscope.short(legend.low), layerscope.short(legend.high)];
      const left = GAP + LETTER * low.length + 6;
      key.append(stops, make("text", {x: GAP, y}, low), make("rect", {x: left, y: y - 10, width: RAMP, height: 10, fill: "url(#ramp)"}));
      key.append(make("text", {x: left + RAMP + 6, y}, `${high}   ${legend.what}`));
    }
    if (legend.text) key.append(make("text", {x, y}, legend.text));
    return {key, height: y - top + GAP};
  }

  layerscope.viewAsDrawing = function (look) {
    const {places, width: ofPanels, height: bottom} = arranged();
    const width = Math.max(ofPanels, 2 * GAP + widthOf(look.title, TITLE_FONT));
    const SVG = "http://www.w3.org/2000/svg";
    const make = (tag, attributes, text) => {
      const made = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      if (text !== undefined) made.textContent = text;
      return made;
    };
    const {key, height: below} = keyOf(make, look.legend || {}, width, bottom);
    const height = bottom + below;
    const whole = make("svg", {width, height, viewBox: `0 0 ${width} ${height}`, "font-family": "sans-serif"});
    whole.append(make("rect", {width, height, fill: "#ffffff"}), make("text", {x: GAP, y: TITLE - 6, "font-size": TITLE_FONT}, look.title), key);
    for (const {panel, left, top, side} of places) {
      whole.append(make("text", {x: left, y: top - 4, "font-size": 12}, captionOf(panel)));
      const points = panel.view.export("svg").ctx.get_svg();
      for (const [name, value] of Object.entries({x: left, y: top, width: side, height: side})) points.setAttribute(name, value);
      whole.append(points);
      whole.append(make("image", {x: left, y: top, width: side, height: side, href: layerscope.overlayOf(panel, look, SHARPNESS).toDataURL("image/png")}));
    }
    return new XMLSerializer().serializeToString(whole);
  };

  layerscope.savePicture = async function (look) {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(layerscope.viewAsDrawing(look))}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = SHARPNESS * image.width;
    canvas.height = SHARPNESS * image.height;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    // Unlike toBlob, this does not wait until the browser is idle.
    const [, content] = canvas.toDataURL("image/png").split(",");
    save(`${look.name}.png`, new Blob([layerscope.numbers(content, "uint8")], {type: "image/png"}));
  };

  layerscope.saveDrawing = function (look) {
    save(`${look.name}.svg`, new Blob([layerscope.viewAsDrawing(look)], {type: "image/svg+xml"}));
  };
})();
