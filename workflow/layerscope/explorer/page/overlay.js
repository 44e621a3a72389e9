"use strict";
// What is drawn above the points of a panel: pictures, names of classes, neighbours, and what is selected or pointed at.

(function () {
  const INK = "#000000";
  const EMBEDDED = "#d55e00";
  const PICTURE_SHARE = 0.055;
  const CELLS = 24;
  // Names beyond this many hide more than they tell.
  const MOST_NAMES = 60;
  // More selected points than this are told by the faded rest alone.
  const MOST_RINGS = 300;

  let tinted = new Map();
  layerscope.forgetPictures = () => { tinted = new Map(); };

  layerscope.clearOver = function () {
    for (const panel of layerscope.shownPanels()) panel.over.getContext("2d").clearRect(0, 0, panel.over.width, panel.over.height);
  };

  // look: {state, sample, colours, drawn, focus, hovered, selected}; drawn: null, or which places are drawn.
  layerscope.paintOver = function (panel, look) {
    const canvas = panel.over;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(panel.side * ratio)) {
      canvas.width = canvas.height = Math.round(panel.side * ratio);
      canvas.style.width = canvas.style.height = `${panel.side}px`;
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, panel.side, panel.side);
    paint(context, panel, look);
  };

  // What lies above the points of a panel on a canvas of its own, with so many pixels for each of the screen.
  layerscope.overlayOf = function (panel, look, ratio) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.round(panel.side * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    paint(context, panel, look);
    return canvas;
  };

  function paint(context, panel, look) {
    // What is left out has no ring, no line and no picture.
    const placed = placing(panel);
    const only = look.drawn && new Set(look.drawn);
    const at = (place) => only && !only.has(place) ? null : placed(place);
    const {sample, state} = look;
    const withPictures = state.pictures && sample.pictures;
    if (withPictures) paintPictures(context, panel, look, at);
    if (sample.labels && sample.classes.length > 1 && !withPictures) paintNames(context, panel, look, at);
    const focus = look.focus !== null ? look.focus : look.hovered;
    if (focus !== null) paintNeighbors(context, panel, look, at, focus);
    const colour = (place) => withPictures ? null : look.colours[panel.number][place];
    if (look.selected.length <= MOST_RINGS && !withPictures) for (const place of look.selected) ring(context, at(place), 4, INK, colour(place));
    for (const place of [look.focus, look.hovered]) if (place !== null) ring(context, at(place), withPictures ? 11 : 6.5, INK, colour(place));
  }

  // place → its pixels in the panel, null where it has no coordinates.
  function placing(panel) {
    const {x, y} = layerscope.coordinates(panel.embedding);
    const {start: left, end: right} = panel.figure.x_range;
    const {start: bottom, end: top} = panel.figure.y_range;
    const box = panel.view && panel.view.frame ? panel.view.frame.bbox : {left: 0, top: 0, width: panel.side, height: panel.side};
    return (place) => Number.isNaN(x[place]) ? null : [
      box.left + (x[place] - left) / (right - left) * box.width,
      box.top + (1 - (y[place] - bottom) / (top - bottom)) * box.height,
    ];
  }

  function ring(context, at, radius, edge, fill) {
    if (!at) return;
    context.beginPath();
    context.arc(at[0], at[1], radius, 0, 2 * Math.PI);
    if (fill !== null) {
      context.fillStyle = fill;
      context.fill();
    }
    context.lineWidth = 1.6;
    context.strokeStyle = "#ffffff";
    context.stroke();
    context.beginPath();
    context.arc(at[0], at[1], radius + 1.2, 0, 2 * Math.PI);
    context.lineWidth = 1.2;
    context.strokeStyle = edge;
    context.stroke();
  }

  // The nearest neighbours of a point that are to be seen in a panel: inLayer is null where the study has none.
  function neighborsIn(panel, look, focus) {
    const {near} = look.state;
    const asked = focus !== null && near !== "none";
    return {
      inLayer: asked && near !== "embedding" && panel.filter === null
        ? layerscope.nearestInLayer(panel.source, `${panel.epoch}/${panel.layer}`, focus) : null,
      inEmbedding: asked && near !== "layer"
        ? layerscope.nearestInEmbedding(layerscope.coordinates(panel.embedding), focus, layerscope.NEIGHBORS) : [],
    };
  }

  // Solid lines lead to the nearest in the space of the layer, dashed ones to the nearest in the embedding.
  function paintNeighbors(context, panel, look, at, focus) {
    const withPictures = look.state.pictures && look.sample.pictures;
    const from = at(focus);
    if (!from) return;
    const lines = (places, colour, dashes, grow) => {
      context.setLineDash(dashes);
      for (const place of places) {
        const to = at(place);
        if (!to) continue;
        context.beginPath();
        context.moveTo(...from);
        context.lineTo(...to);
        context.lineWidth = 1.3;
        context.strokeStyle = colour;
        context.stroke();
      }
      context.setLineDash([]);
      for (const place of places) ring(context, at(place), (withPictures ? 8 : 3) + grow, colour, withPictures ? null : look.colours[panel.number][place]);
    };
    const {inLayer, inEmbedding} = neighborsIn(panel, look, focus);
    lines(inLayer || [], INK, [], 0);
    lines(inEmbedding, EMBEDDED, [4, 3], 0.8);
  }

  function paintPictures(context, panel, look, at) {
    const {sample} = look;
    const {across, width, height, grey} = sample.pictures;
    if (!sample.sheet.complete) return;
    const zoom = 1 / (panel.figure.x_range.end - panel.figure.x_range.start);
    const side = Math.min(64, Math.max(10, panel.side * PICTURE_SHARE * Math.sqrt(zoom)));
    const size = [side * width / Math.max(width, height), side * height / Math.max(width, height)];
    const faded = look.selected.length > 0;
    const {inLayer, inEmbedding} = neighborsIn(panel, look, look.focus);
    const chosen = new Set([...look.selected, ...inLayer || [], ...inEmbedding]);
    const places = look.drawn || Array.from({length: sample.n}, (_, place) => place);
    const order = faded ? [...places].sort((a, b) => chosen.has(a) - chosen.has(b)) : places;
    for (const place of order) {
      const to = at(place);
      if (!to || to[0] < -side || to[1] < -side || to[0] > panel.side + side || to[1] > panel.side + side) continue;
      const colour = look.colours[panel.number][place];
      const sheet = grey ? tintedSheet(sample, colour) : sample.sheet;
      const left = to[0] - size[0] / 2;
      const top = to[1] - size[1] / 2;
      context.globalAlpha = faded && !chosen.has(place) ? 0.25 : 1;
      context.drawImage(sheet, place % across * width, Math.floor(place / across) * height, width, height, left, top, ...size);
      if (!grey) {
        context.lineWidth = 1;
        context.strokeStyle = colour;
        context.strokeRect(left, top, ...size);
      }
    }
    context.globalAlpha = 1;
  }

  // The sheet of grey pictures in one colour on a transparent ground.
  function tintedSheet(sample, colour) {
    if (!tinted.has(colour)) {
      if (tinted.size > 40) tinted.clear();
      const canvas = document.createElement("canvas");
      canvas.width = sample.sheet.width;
      canvas.height = sample.sheet.height;
      const context = canvas.getContext("2d");
      context.drawImage(sample.sheet, 0, 0);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
      const parts = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
      for (let at = 0; at < pixels.data.length; at += 4) {
        pixels.data[at + 3] = 255 - pixels.data[at];
        [pixels.data[at], pixels.data[at + 1], pixels.data[at + 2]] = parts;
      }
      context.putImageData(pixels, 0, 0);
      tinted.set(colour, canvas);
    }
    return tinted.get(colour);
  }

  // Each class has its name where most of its points are, unless another name is there.
  function paintNames(context, panel, look, at) {
    context.font = "600 11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken = [];
    for (const {name, places} of densest(panel, look)) {
      const half = context.measureText(name).width / 2 + 2;
      for (const place of places) {
        const to = at(place);
        if (!to || Math.min(...to) < 0 || Math.max(...to) > panel.side) continue;
        const middle = [Math.min(Math.max(to[0], half), panel.side - half), Math.min(Math.max(to[1], 8), panel.side - 8)];
        const box = [middle[0] - half, middle[1] - 7, middle[0] + half, middle[1] + 7];
        if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
        taken.push(box);
        context.lineWidth = 3;
        context.strokeStyle = "rgba(255, 255, 255, 0.85)";
        context.strokeText(name, ...middle);
        context.fillStyle = "#111111";
        context.fillText(name, ...middle);
        break;
      }
    }
  }

  // [{name, places}] of the classes that are drawn, the largest first: places in the cells with most points of the class.
  function densest(panel, look) {
    const {x, y} = layerscope.coordinates(panel.embedding);
    const only = look.drawn && new Set(look.drawn);
    const key = look.drawn;
    if (panel.densest && panel.densest.key === key && panel.densest.of === panel.embedding) return panel.densest.found;
    const cells = new Map();
    for (let place = 0; place < x.length; place++) {
      if (Number.isNaN(x[place]) || (only && !only.has(place))) continue;
      const label = look.sample.labels[place];
      if (!cells.has(label)) cells.set(label, {label, n: 0, counts: new Map()});
      const own = cells.get(label);
      const cell = Math.min(CELLS - 1, Math.floor(x[place] * CELLS)) * CELLS + Math.min(CELLS - 1, Math.floor(y[place] * CELLS));
      own.n++;
      if (!own.counts.has(cell)) own.counts.set(cell, []);
      own.counts.get(cell).push(place);
    }
    const found = [...cells.values()].sort((a, b) => b.n - a.n || a.label - b.label).slice(0, MOST_NAMES).map((own) => {
      const ordered = [...own.counts.values()].sort((a, b) => b.length - a.length || a[0] - b[0]).slice(0, 6);
      return {name: look.sample.classes[own.label], places: ordered.map((places) => middlemost(places, x, y))};
    });
    panel.densest = {key, of: panel.embedding, found};
    return found;
  }

  function middlemost(places, x, y) {
    const mean = (values) => places.reduce((sum, place) => sum + values[place], 0) / places.length;
    const [middleX, middleY] = [mean(x), mean(y)];
    let best = places[0];
    let least = Infinity;
    for (const place of places) {
      const distance = (x[place] - middleX) ** 2 + (y[place] - middleY) ** 2;
      if (distance < least) [best, least] = [place, distance];
    }
    return best;
  }

  layerscope.NEIGHBORS = 8;
})();
