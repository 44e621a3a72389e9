"use strict";
// What there is to choose, and which panels a choice shows.

(function () {
  const WHOLE = "layers";

  layerscope.catalogue = () => layerscope.page("catalogue");

  // What figures call an entry of the study.
  layerscope.named = (name) => (layerscope.catalogue().names || {})[name] || name;

  // What was chosen and is not there, by its key, and what is shown instead. The page tells of it.
  layerscope.mended = new Map();

  // See to it that the state names one of what is offered. What was chosen stays so where nothing is offered.
  layerscope.settle = function (state, key, offered, otherwise) {
    if (!offered.length || offered.includes(state[key])) return;
    if (state[key] !== undefined && state[key] !== null && state[key] !== "") layerscope.mended.set(key, state[key]);
    state[key] = otherwise;
  };

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
    const keys = [];
    const offer = (key, values, otherwise = values[0]) => {
      offered[key] = values;
      layerscope.settle(state, key, values, otherwise);
    };
    // Rather one of which something is embedded.
    const offerNetworks = (key, values) => {
      offer(key, values, values.find((value) => layerscope.isEmbedded({...state, [key]: value}, ...keys, key)));
      keys.push(key);
    };
    offerNetworks("dataset", unique(layerscope.catalogue().networks.map((one) => one.dataset)));
    offerNetworks("architecture", unique(networksOf(state, "dataset").map((one) => one.architecture)));
    offerNetworks("activation", unique(networksOf(state, "dataset", "architecture").map((one) => one.activation)));
    offerNetworks("seed", unique(networksOf(state, "dataset", "architecture", "activation").flatMap((one) => one.seeds)).sort((a, b) => a - b));
    const network = layerscope.networkOf(state);
    offerNetworks("sample", Object.keys(network.samples));
    offer("embedding", network.samples[state.sample] || []);
    offer("embedding_seed", offered.embedding.length ? layerscope.catalogue().embeddings[state.embedding].seeds : []);
    if (state.beside === undefined) state.beside = true;
    return offered;
  };

  // Whether anything is embedded of those networks that have the values of these keys: dataset, ..., seed, sample.
  layerscope.isEmbedded = function (state, ...keys) {
    const named = keys.filter((key) => key !== "seed" && key !== "sample");
    const networks = networksOf(state, ...named).filter((one) => !keys.includes("seed") || one.seeds.includes(state.seed));
    const samples = (one) => keys.includes("sample") ? [one.samples[state.sample] || []] : Object.values(one.samples);
    return networks.some((one) => samples(one).some((names) => names.length));
  };

  // The snapshots that the chosen embedding has, or those of a network without; the state is mended where it names another one.
  // wasLast: whether the last one was shown before, and is to be shown again.
  layerscope.offeredEpochs = function (network, source, state, wasLast) {
    const embedded = unique(entries(source, state).map((one) => one.epoch)).sort((a, b) => a - b);
    const epochs = embedded.length ? embedded : network.snapshots;
    const last = epochs[epochs.length - 1];
    if (wasLast) state.epoch = last;
    layerscope.settle(state, "epoch", epochs, last);
    return epochs;
  };

  // What can be shown at once: all layers, or the filters of one.
  layerscope.parts = function (source, state) {
    const filters = unique(entries(source, state).filter((one) => one.filter !== null).map((one) => one.layer));
    const parts = [WHOLE, ...filters];
    layerscope.settle(state, "part", parts, WHOLE);
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
    const rows = epochs.map((epoch, row) => ({
      epoch,
      title: layerscope.epochName(network, epoch),
      panels: panelsOf(state, network, source, input, all, epoch, row),
    }));
    const layers = unique(rows.flatMap((row) => row.panels).map(layerscope.layerOf));
    // It is there again where this network is left.
    if (state.alone && all.length) layerscope.settle(state, "alone", layers, "");
    return layers.includes(state.alone) ? rows.map((row) => ({...row, panels: row.panels.filter((panel) => layerscope.layerOf(panel) === state.alone)})).filter((row) => row.panels.length) : rows;
  };

  // Of which layer or filter a panel is, whatever the snapshot.
  layerscope.layerOf = (panel) => panel.filter === null ? panel.layer : `${panel.layer}.${panel.filter}`;

  function panelsOf(state, network, source, input, all, epoch, row) {
    if (!all.length) return unembedded(state, network, epoch, row);
    return state.part === WHOLE ? wholeLayers(state, network, source, input, all, epoch, row) : filters(state, source, all, epoch, row);
  }

  // Of a network without embeddings: a panel without points for each layer that has scores, to tell them by.
  function unembedded(state, network, epoch, row) {
    const scored = layerscope.scoreRows(network).rows.filter((one) => one.sample === state.sample && one.layer !== "" && one.depth > 0);
    const depths = new Map(scored.map((one) => [one.layer, one.depth]));
    const layers = [...depths.keys()].sort((a, b) => depths.get(a) - depths.get(b));
    return (layers.length ? layers : [""]).map((layer) => ({
      key: `${epoch}.${layer}`, title: layer || "network", epoch, layer, filter: null, depth: depths.get(layer) || 0, source: null, row, embedding: null,
    }));
  }

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
