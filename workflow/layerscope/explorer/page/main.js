"use strict";
// The page: what is loaded and drawn for what is chosen, and what follows from each choice.

(function () {
  const {byId, state, shown, look, complain, keepAddress, controls, pointing, paint, tell} = layerscope;
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

  const fill = (pattern, names) => Object.entries(names).reduce((text, [name, value]) => text.replace(`{${name}}`, value), pattern);

  // Load what the choices name, and draw it.
  async function showNetwork() {
    const mine = ++turn;
    const catalogue = layerscope.catalogue();
    const wasLast = Boolean(shown.epochs) && state.epoch === shown.epochs[shown.epochs.length - 1];
    const before = state.embedding;
    const offered = controls.offerChoices();
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
    controls.offerEpochs();
    const {placeOf, sheet} = shown.sample;
    if (sheet && !sheet.complete) sheet.addEventListener("load", () => paint(), {once: true});
    const lost = state.rows.filter((row) => !placeOf.has(row)).length;
    if (lost && shown.sample.n) layerscope.mended.set("rows", lost);
    // What is selected is so again where it can be seen.
    shown.selected = state.rows.filter((row) => placeOf.has(row)).map((row) => placeOf.get(row));
    shown.focus = shown.selected.length === 1 ? shown.selected[0] : null;
    shown.hovered = null;
    layerscope.forgetPictures();
    controls.offerParts();
    controls.offerColours();
    controls.offerOnly();
    controls.tellSample();
    await showPanels();
  }

  // Draw the panels of the chosen snapshot.
  async function showPanels() {
    controls.tellEpoch();
    shown.rows = layerscope.rowsOfPanels(state, shown.network, shown.source, shown.input, shown.epochs);
    const isAlone = shown.rows.every((row) => row.panels.every((panel) => layerscope.layerOf(panel) === state.alone));
    await layerscope.drawPanels(shown.rows, shown.sample, isAlone, {...pointing, enlarged});
    await dressPanels();
  }

  // Show another snapshot in the same panels, or draw them anew where it has other layers.
  async function showEpoch() {
    controls.tellEpoch();
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
    controls.offerScores();
    tell();
    controls.tellMended();
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
    keepAddress();
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
    keepAddress();
  }

  function showPictures() {
    layerscope.hidePoints(Boolean(state.pictures && shown.sample.pictures));
    paint();
  }

  async function enlarged(panel) {
    state.alone = state.alone ? "" : layerscope.layerOf(panel);
    state.panel = panel.key;
    await showPanels();
    const same = layerscope.allPanels().find((one) => one.key === panel.key);
    const button = same && same.element.querySelector(".enlarge");
    if (button) button.focus();
  }

  function listen() {
    // Before what a choice itself has to say.
    document.addEventListener("change", () => { complain(""); controls.tellMended(); }, true);
    for (const key of controls.LISTS) {
      byId(key).addEventListener("change", () => {
        state[key] = key.endsWith("seed") ? Number(byId(key).value) : byId(key).value;
        state.zoom = {};
        // Other datasets have other observations at the same rows.
        if (key === "dataset") pointing.leaveSelection();
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
    byId("near").addEventListener("change", () => { state.near = byId("near").value; paint(); keepAddress(); });
    byId("drag").addEventListener("change", () => {
      state.drag = byId("drag").value;
      layerscope.dragInPanels(state.drag === "none" ? null : state.drag);
      keepAddress();
    });
    byId("pictures").addEventListener("change", () => { state.pictures = byId("pictures").checked; showPictures(); keepAddress(); });
    byId("find").addEventListener("change", () => pointing.find(byId("find").value));
    // The same row once more, which is no change.
    byId("find").addEventListener("keydown", (event) => { if (event.key === "Enter") pointing.find(byId("find").value); });
    byId("clear").addEventListener("click", () => { complain(""); pointing.forget(); });
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

  document.addEventListener("DOMContentLoaded", start);
})();
