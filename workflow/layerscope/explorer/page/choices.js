"use strict";
// What there is to choose, and which panels a choice shows.

(function () {
  const WHOLE = "layers";

  layerscope.catalogue = () => layerscope.page("catalogue");

  // What figures call an entry of the study.
  layerscope.named = (name) => (layerscope.catalogue().names || {})[name] || name;

  const unique = (values) => [...new Set(values)];

  function networksOf(state, ...keys) {
    return layerscope.catalogue().networks.filter((one) => keys.every((key) => one[key] === state[key]));
  }

  layerscope.networkOf = function (state) {
    return networksOf(state, "dataset", "architecture", "activation").find((one) => one.seeds.includes(state.seed));
  };

  // What each choice offers, given those before it; the state is mended where it names what there is not.
  layerscope.offered = function (state) {
    const offered = {};
    const offer = (key, values, preferred) => {
      offered[key] = values;
      if (!values.includes(state[key])) state[key] = preferred !== undefined && values.includes(preferred) ? preferred : values[0];
    };
    offer("dataset", unique(layerscope.catalogue().networks.map((one) => one.dataset)));
    offer("architecture", unique(networksOf(state, "dataset").map((one) => one.architecture)));
    offer("activation", unique(networksOf(state, "dataset", "architecture").map((one) => one.activation)));
    offer("seed", unique(networksOf(state, "dataset", "architecture", "activation").flatMap((one) => one.seeds)).sort((a, b) => a - b));
    const network = layerscope.networkOf(state);
    offer("sample", Object.keys(network.samples));
    offer("embedding", network.samples[state.sample]);
    offer("embedding_seed", layerscope.catalogue().embeddings[state.embedding].seeds);
    if (state.beside === undefined) state.beside = true;
    return offered;
  };

  // The snapshots that the chosen embedding has; the state is mended where it names another one. wasLast: whether the last one was
  // shown before, and is to be shown again.
  layerscope.offeredEpochs = function (source, state, wasLast) {
    const epochs = unique(entries(source, state).map((one) => one.epoch)).sort((a, b) => a - b);
    if (wasLast || !epochs.includes(state.epoch)) state.epoch = epochs[epochs.length - 1];
    return epochs;
  };

  // What can be shown at once: all layers, or the filters of one.
  layerscope.parts = function (source, state) {
    const filters = unique(entries(source, state).filter((one) => one.filter !== null).map((one) => one.layer));
    const parts = [WHOLE, ...filters];
    if (!parts.includes(state.part)) state.part = WHOLE;
    return parts;
  };

  function entries(source, state) {
    const found = (source && source.embeddings[state.embedding]) || [];
    return found.filter((one) => one.seed === state.embedding_seed);
  }

  layerscope.epochName = function (network, epoch) {
    const last = network.snapshots[network.snapshots.length - 1];
    if (epoch === 0) return network.pretrained ? "pretrained (epoch 0)" : "untrained (epoch 0)";
    return epoch === last ? `trained (epoch ${epoch})` : `epoch ${epoch}`;
  };

  // Rows of panels: {epoch, title, panels: [{key, title, epoch, layer, filter, depth, embedding, source}]}, the chosen snapshot and
  // the first one of those that are embedded.
  layerscope.rowsOfPanels = function (state, network, source, input, embedded) {
    const first = embedded[0];
    const epochs = state.beside && state.epoch !== first ? [state.epoch, first] : [state.epoch];
    const all = entries(source, state);
    return epochs.map((epoch, row) => ({
      epoch,
      title: layerscope.epochName(network, epoch),
      panels: state.part === WHOLE ? wholeLayers(state, network, source, input, all, epoch, row) : filters(state, source, all, epoch, row),
    }));
  };

  function wholeLayers(state, network, source, input, all, epoch, row) {
    const panels = [];
    const ofInput = entries(input, state)[0];
    // The input is the same beside every snapshot, so it is shown once.
    if (ofInput && row === 0) panels.push(about(ofInput, input, "input"));
    const layers = unique(all.filter((one) => one.filter === null).sort((a, b) => a.depth - b.depth).map((one) => one.layer));
    for (const layer of layers) {
      const found = all.find((one) => one.filter === null && one.layer === layer && one.epoch === epoch);
      const depth = all.find((one) => one.layer === layer).depth;
      if (found) panels.push({...about(found, source, layer), row});
      else panels.push({key: `${epoch}.${layer}`, title: layer, epoch, layer, filter: null, depth, source, row, embedding: null});
    }
    return panels.map((panel) => ({...panel, row}));
  }

  function filters(state, source, all, epoch, row) {
    const found = all.filter((one) => one.layer === state.part && one.filter !== null && one.epoch === epoch);
    return found.sort((a, b) => a.filter - b.filter).map((one) => ({...about(one, source, `${one.layer}, filter ${one.filter}`), row}));
  }

  function about(embedding, source, title) {
    const {epoch, layer, filter, depth} = embedding;
    return {key: `${epoch}.${layer}${filter === null ? "" : `.${filter}`}`, title, epoch, layer, filter, depth, source, embedding};
  }
})();
