"use strict";
// The panels: one Bokeh plot each, all over one table of points, so that what is selected in one is selected in all.

(function () {
  const SMALLEST = 150;
  const LARGEST = 360;
  const GAP = 8;
  // The height of the title and caption of a panel that is alone.
  const TITLES = 56;
  // The height of a panel where nothing of a network is embedded.
  const EMPTY = 40;
  const MARGIN = 0.04;
  // Pixels between a click and the point that it means.
  const REACH = 12;
  // How long points take from one snapshot to another.
  const MILLISECONDS = 500;

  const shown = {document: null, source: null, panels: [], empty: []};
  layerscope.shownPanels = () => shown.panels;
  // Those of what is not embedded too, which have scores.
  layerscope.allPanels = () => [...shown.panels, ...shown.empty].sort((a, b) => a.row - b.row || a.place - b.place);

  // How many panels of a row fit beside each other, and their side in pixels.
  function sizes(width, count) {
    const least = width < 600 ? Math.floor((width - GAP) / 2) : SMALLEST;
    const across = Math.max(1, Math.min(count, Math.floor((width + GAP) / (least + GAP))));
    const rows = Math.ceil(count / across);
    const evenly = Math.ceil(count / rows);
    return {across: evenly, side: Math.max(120, Math.min(LARGEST, Math.floor((width + GAP) / evenly) - GAP))};
  }

  // Whole pixels: `clientWidth` rounds up too, to more than there is.
  const roomIn = (holder) => Math.floor(holder.getBoundingClientRect().width);

  // The side of a panel that is alone in its row: beside that of the other snapshot, and no higher than the window.
  function largest(holder, rows) {
    const width = roomIn(holder);
    const across = width < 600 ? 1 : rows;
    const side = Math.min(Math.floor((width + GAP) / across) - GAP, Math.max(LARGEST, window.innerHeight - holder.offsetTop - TITLES));
    return {across: 1, side: Math.max(SMALLEST, side)};
  }

  function pointSize(n, side) {
    return Math.max(2, Math.min(9, side / 5 / Math.sqrt(n) * 2.2));
  }

  // Draw rows of panels anew. callbacks: hovered(place or null, panel), tapped(place or null, whether with shift, panel), pressed()
  // before the first of several clicks, untapped() where they were a double click, selected(places), moved(panel), focused(panel),
  // enlarged(panel). alone: whether they are of one layer, and large.
  layerscope.drawPanels = async function (rows, sample, alone, callbacks) {
    const holder = document.getElementById("panels");
    const widest = Math.max(1, ...rows.map((row) => row.panels.length));
    const {across, side} = alone ? largest(holder, rows.length) : sizes(roomIn(holder), widest);
    const nothing = !rows.some((row) => row.panels.some((panel) => panel.embedding));
    holder.classList.toggle("alone", Boolean(alone));
    const inputFirst = rows.length > 1 && rows[0].panels.length && rows[0].panels[0].layer === "input";
    holder.replaceChildren();
    Object.assign(shown, {panels: [], empty: []});
    // Those of before are of another number of observations, or of another snapshot.
    shown.colours = null;
    const targets = [];
    const figures = [];
    const source = new Bokeh.ColumnDataSource({data: {}});
    rows.forEach((row, number) => {
      const grid = layerscope.element("div", "grid");
      grid.style.gridTemplateColumns = `repeat(${across}, ${side}px)`;
      const section = layerscope.element("section");
      section.append(layerscope.element("h2", "", row.title), grid);
      holder.append(section);
      row.panels.forEach((panel, place) => {
        const lacking = nothing ? "not embedded" : "not embedded in this snapshot";
        const frame = frameOf(panel, side, nothing ? EMPTY : side, lacking, alone, callbacks);
        if (number > 0 && inputFirst && place === 0 && across === widest) frame.element.style.gridColumn = "2";
        grid.append(frame.element);
        if (panel.embedding) {
          const drawn = {...panel, ...frame, place, number: shown.panels.length, side};
          drawn.figure = figureOf(drawn, source, sample, side, callbacks);
          shown.panels.push(drawn);
          targets.push(frame.plot);
          figures.push(drawn.figure);
        } else {
          shown.empty.push({...panel, ...frame, place, side});
        }
      });
    });
    shown.source = source;
    layerscope.fillPanels(sample);
    source.selected.properties.indices.change.connect(() => callbacks.selected(source.selected.indices));
    if (shown.document) shown.document.clear();
    shown.document = new Bokeh.Document();
    for (const figure of figures) shown.document.add_root(figure);
    if (!figures.length) return;
    const views = await Bokeh.embed.add_document_standalone(shown.document, holder, targets);
    for (const panel of shown.panels) {
      panel.view = views.get(panel.figure);
      for (const range of [panel.figure.x_range, panel.figure.y_range]) range.change.connect(() => callbacks.moved(panel));
    }
  };

  function frameOf(panel, side, height, lacking, alone, callbacks) {
    const made = layerscope.element;
    const element = made("figure", "panel");
    const caption = made("figcaption");
    const value = made("span", "value");
    const name = made("b", "", panel.title);
    name.tabIndex = 0;
    name.addEventListener("keydown", (event) => { if (event.key === "Enter") callbacks.focused(panel); });
    caption.append(name, value);
    if (panel.embedding || alone) caption.append(enlarging(panel, alone, callbacks));
    const holder = made("div", "holder");
    holder.style.width = `${side}px`;
    holder.style.height = `${height}px`;
    const plot = made("div", "plot");
    const over = made("canvas", "over");
    holder.append(plot, over);
    const status = panel.embedding ? panel.embedding.status : lacking;
    if (status !== "ok") holder.append(layerscope.element("p", "status", status));
    element.append(caption, holder);
    caption.addEventListener("click", () => callbacks.focused(panel));
    return {element, plot, over, value};
  }

  // The button that shows a layer alone, and all again.
  function enlarging(panel, alone, callbacks) {
    const button = layerscope.element("button", "enlarge", alone ? "all" : "+");
    button.type = "button";
    button.title = alone ? "show all panels again" : `show ${panel.title} alone, and large`;
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      callbacks.enlarged(panel);
    });
    return button;
  }

  function figureOf(panel, source, sample, side, callbacks) {
    const range = () => new Bokeh.Range1d({start: -MARGIN, end: 1 + MARGIN});
    const figure = Bokeh.Plotting.figure({
      width: side, height: side, x_range: range(), y_range: range(), toolbar_location: null, tools: [],
      // Without a GPU a canvas draws as many points as there are here faster than WebGL, which then runs in software.
      output_backend: "canvas", min_border: 0, outline_line_color: "#cccccc", lod_threshold: null,
      x_axis_type: null, y_axis_type: null,
    });
    figure.xgrid.visible = false;
    figure.ygrid.visible = false;
    const glyph = (alpha) => new Bokeh.Scatter({
      x: {field: `x${panel.number}`}, y: {field: `y${panel.number}`}, size: pointSize(sample.n, side),
      fill_color: {field: `colour${panel.number}`}, fill_alpha: alpha, line_color: null,
    });
    panel.places = new Bokeh.IndexFilter({indices: null});
    panel.renderer = figure.add_glyph(glyph(0.8), source, {
      nonselection_glyph: glyph(0.22), selection_glyph: glyph(1), view: new Bokeh.CDSView({filter: panel.places}),
    });
    const hover = new Bokeh.HoverTool({
      renderers: [panel.renderer], tooltips: null,
      callback: (_, {index, geometry}) => {
        const nearest = closest(panel, index.indices, geometry);
        callbacks.hovered(nearest, panel);
      },
    });
    panel.tools = {pan: new Bokeh.PanTool(), lasso: new Bokeh.LassoSelectTool({continuous: false}), wheel: new Bokeh.WheelZoomTool()};
    figure.add_tools(hover, ...Object.values(panel.tools));
    figure.toolbar.active_drag = panel.tools.lasso;
    figure.toolbar.active_scroll = panel.tools.wheel;
    figure.on_event("tap", (event) => callbacks.tapped(under(panel, event), event.modifiers && event.modifiers.shift, panel));
    panel.plot.addEventListener("mousedown", (event) => { if (event.detail === 1) callbacks.pressed(); }, true);
    panel.plot.addEventListener("dblclick", () => {
      layerscope.zoomPanel(panel, null);
      callbacks.untapped();
    });
    panel.plot.addEventListener("pointerleave", () => callbacks.hovered(null, panel));
    return figure;
  }

  // Of some points the one nearest to a place in the embedding.
  function closest(panel, places, geometry) {
    const {x, y} = layerscope.coordinates(panel.embedding);
    let best = null;
    let least = Infinity;
    for (const place of places) {
      const distance = (x[place] - geometry.x) ** 2 + (y[place] - geometry.y) ** 2;
      if (distance < least) [best, least] = [place, distance];
    }
    return best;
  }

  // The point that a click or a finger means: the nearest of those that are drawn, if it is near enough.
  function under(panel, {x, y}) {
    const width = panel.figure.x_range.end - panel.figure.x_range.start;
    const drawn = panel.places.indices;
    const points = layerscope.coordinates(panel.embedding);
    const place = closest(panel, drawn === null ? points.x.keys() : drawn, {x, y});
    if (place === null) return null;
    return Math.hypot(points.x[place] - x, points.y[place] - y) / width * panel.side < REACH ? place : null;
  }

  const position = (panel) => `${panel.row}/${panel.layer}/${panel.filter}`;

  // Show other snapshots in the panels that there are: the points move where steps were embedded together. Returns whether the
  // same layers are there, so that it could be done.
  layerscope.movePanels = function (rows, sample, callbacks) {
    const after = new Map(rows.flatMap((row) => row.panels).map((panel) => [position(panel), panel]));
    const isSame = (panel) => after.has(position(panel)) && [panel, after.get(position(panel))].every((one) => one.embedding && one.embedding.status === "ok");
    if (after.size !== shown.panels.length || !shown.panels.every(isSame)) return false;
    document.querySelectorAll("#panels h2").forEach((heading, number) => { heading.textContent = rows[number].title; });
    let together = false;
    for (const panel of shown.panels) {
      const next = after.get(position(panel));
      const before = layerscope.coordinates(panel.embedding);
      const alike = panel.embedding !== next.embedding && panel.embedding.frame.every((end, place) => end === next.embedding.frame[place]);
      together = together || alike;
      Object.assign(panel, {key: next.key, epoch: next.epoch, embedding: next.embedding, from: alike ? before : null});
    }
    move(sample, together && !window.matchMedia("(prefers-reduced-motion: reduce)").matches, callbacks);
    return true;
  };

  let moving = null;
  function move(sample, slowly, callbacks) {
    cancelAnimationFrame(moving);
    const began = performance.now();
    const step = (now) => {
      const share = slowly ? Math.min(1, Math.max(0, now - began) / MILLISECONDS) : 1;
      layerscope.fillPanels(sample, share);
      if (share < 1) moving = requestAnimationFrame(step);
      else callbacks.arrived();
    };
    step(began);
  }

  // Coordinates on the way from those of the snapshot before. share: how much of the way is done.
  function onTheWay(panel, share) {
    const to = layerscope.coordinates(panel.embedding);
    if (share >= 1 || !panel.from) return to;
    const between = (a, b) => Float32Array.from(b, (end, place) => Number.isNaN(a[place]) ? end : a[place] + share * (end - a[place]));
    return {x: between(panel.from.x, to.x), y: between(panel.from.y, to.y)};
  }

  // Give the plots the coordinates and colours of the panels.
  layerscope.fillPanels = function (sample, share = 1) {
    const data = {};
    for (const panel of shown.panels) {
      const {x, y} = onTheWay(panel, share);
      data[`x${panel.number}`] = x;
      data[`y${panel.number}`] = y;
      data[`colour${panel.number}`] = shown.colours && shown.colours[panel.number] || new Array(sample.n).fill("#999999");
    }
    shown.source.data = data;
  };

  // colours: a list for each panel.
  layerscope.colourPanels = function (colours, sample) {
    shown.colours = colours;
    layerscope.fillPanels(sample);
  };

  // Draw these places only; null draws all.
  layerscope.filterPanels = function (places) {
    for (const panel of shown.panels) panel.places.indices = places;
  };

  layerscope.selectInPanels = function (places) {
    const current = shown.source.selected.indices;
    if (current.length !== places.length || current.some((place, at) => place !== places[at])) shown.source.selected.indices = places;
  };

  layerscope.dragInPanels = function (tool) {
    for (const panel of shown.panels) panel.figure.toolbar.active_drag = tool === null ? null : panel.tools[tool];
  };

  // ends: left, right, bottom, top; null shows the whole embedding.
  layerscope.zoomPanel = function (panel, ends) {
    const [left, right, bottom, top] = ends || [-MARGIN, 1 + MARGIN, -MARGIN, 1 + MARGIN];
    panel.figure.x_range.setv({start: left, end: right});
    panel.figure.y_range.setv({start: bottom, end: top});
  };

  // What a panel shows, null where it is the whole embedding.
  layerscope.zoomOf = function (panel) {
    const ends = [panel.figure.x_range.start, panel.figure.x_range.end, panel.figure.y_range.start, panel.figure.y_range.end];
    const whole = [-MARGIN, 1 + MARGIN, -MARGIN, 1 + MARGIN];
    return ends.every((end, place) => Math.abs(end - whole[place]) < 1e-6) ? null : ends;
  };

  // Leave the points out where their pictures are drawn instead.
  layerscope.hidePoints = function (hidden) {
    for (const panel of shown.panels) panel.renderer.visible = !hidden;
  };
})();
