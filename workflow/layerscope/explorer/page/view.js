"use strict";
// What is looked at: the choices, what they show, and what it is called.

(function () {
  const byId = (id) => document.getElementById(id);
  const named = (value) => layerscope.named(String(value));

  // What is chosen. The address of the page holds it.
  const state = {};
  // What the choices show: network, sample, source, input, rows of panels; and what is pointed at.
  const shown = {focus: null, hovered: null, panel: null, selected: [], drawn: null, colours: [], values: []};

  const look = () => ({...shown, state: {...state, score: shown.score}, epoch: state.epoch, told: epochOf(shown.panel), name: fileName(), title: titleOf()});
  const embeddingSeeds = () => (layerscope.catalogue().embeddings[state.embedding] || {seeds: []}).seeds;
  const ofEmbeddingSeed = (before) => embeddingSeeds().length > 1 ? `${before}${state.embedding_seed}` : "";
  const fileName = () => [layerscope.catalogue().study, state.dataset, state.architecture, state.activation, `seed${state.seed}`, state.sample, state.embedding + ofEmbeddingSeed("_seed"), `epoch${state.epoch}`].join("-");
  const titleOf = () => `${named(state.architecture)} (${named(state.activation)}, seed ${state.seed}) on ${named(state.dataset)}, sample ${named(state.sample)}, ${named(state.embedding)}${ofEmbeddingSeed(" of seed ")}, colours: ${byId("colour").selectedOptions[0].textContent}${state.only === "all" ? "" : `, ${byId("only").selectedOptions[0].textContent}`}`;

  // The snapshot that a panel stands for. The input is the same beside all of them.
  const epochOf = (panel) => panel && shown.rows[panel.row] ? shown.rows[panel.row].epoch : state.epoch;

  function complain(message) {
    byId("message").textContent = message;
    byId("message").hidden = !message;
  }

  let writing = null;
  // Write the choices into the address, once a row of changes is over.
  function keepAddress() {
    clearTimeout(writing);
    writing = setTimeout(() => layerscope.writeAddress(state), 100);
  }

  Object.assign(layerscope, {byId, state, shown, look, complain, keepAddress});
})();
