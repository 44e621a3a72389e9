"use strict";
// What is pointed at and selected: in the panels, by its row, in the cards beside them.

(function () {
  const {byId, state, shown, look, complain, keepAddress} = layerscope;

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
      keepAddress();
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
    keepAddress();
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
    keepAddress();
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
    keepAddress();
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
    keepAddress();
  }

  function focused(panel) {
    shown.panel = layerscope.allPanels().find((one) => one.key === panel.key) || shown.panel;
    state.panel = shown.panel.key;
    tell();
    keepAddress();
  }

  function leaveSelection() {
    if (state.rows.length) layerscope.mended.set("rows", state.rows.length);
    state.rows = [];
  }

  async function chooseScore(score) {
    state.score = shown.score = score;
    tell();
    const chosen = document.querySelector("#scores .chosen button");
    if (chosen) chosen.focus();
    keepAddress();
    await layerscope.drawCurve(byId("curve"), look());
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

  layerscope.paint = paint;
  layerscope.tell = tell;
  layerscope.pointing = {hovered, tapped, pressed, untapped, selected, moved, focused, forget, leaveSelection, find};
})();
