"use strict";
// The controls: what each of them offers, and what the lines below them tell.

(function () {
  const {element, byId, state, shown} = layerscope;
  // Choices that show another network, and with it all panels anew; others change what is drawn in them.
  const LISTS = ["dataset", "architecture", "activation", "seed", "sample", "embedding", "embedding_seed"];
  const NOT_EMBEDDED = " (not embedded)";
  const TELLING = ["dataset", "architecture", "activation", "seed", "embedding"];

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
      const entries = offered[key].map((value) => ({value: String(value), name: `${layerscope.named(String(value))}${isEmbedded(value) ? "" : NOT_EMBEDDED}`}));
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

  layerscope.controls = {LISTS, offerChoices, offerEpochs, offerParts, offerColours, offerOnly, offerScores, tellEpoch, tellSample, tellMended};
})();
