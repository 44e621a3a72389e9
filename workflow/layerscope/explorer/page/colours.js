"use strict";
// What the colours of points tell.

(function () {
  const RIGHT = "#56b4e9";
  const WRONG = "#d55e00";
  const UNKNOWN = "#bbbbbb";

  // [{value, name}] of everything by which points can be coloured.
  layerscope.offeredColourings = function (sample, source) {
    const found = [];
    if (sample.labels) found.push({value: "class", name: "class"});
    for (const target of sample.targets || []) found.push({value: `target/${target.name}`, name: target.name});
    const predictions = source ? Object.values(source.predictions) : [];
    if (predictions.some((one) => one.classes)) {
      found.push({value: "prediction", name: "predicted class"}, {value: "correct", name: "right or wrong"});
    }
    if (predictions.some((one) => one.targets)) {
      for (const target of sample.targets || []) {
        found.push({value: `predicted/${target.name}`, name: `predicted ${target.name}`});
        found.push({value: `error/${target.name}`, name: `error of ${target.name}`});
      }
    }
    if (predictions.some((one) => one.losses.some(Number.isFinite))) found.push({value: "loss", name: "loss"});
    for (const [space, score] of scored(source)) {
      const where = space === "raw" ? "in the layer" : space === "run" ? "of the network" : `in ${layerscope.named(space)}`;
      found.push({value: `score/${space}/${score}`, name: `${layerscope.scoreName(score)} ${where}`, group: "scores of the observation"});
    }
    for (const [layer, unit, name] of units(source)) found.push({value: `unit/${layer}/${unit}`, name, group: `activations in ${layer}`});
    return found;
  };

  // [layer, number, name] of every unit whose activation is known, by its layer.
  function units(source) {
    const found = new Map();
    for (const [key, one] of Object.entries(source ? source.units : {})) {
      const layer = key.slice(key.indexOf("/") + 1);
      for (const number of one.numbers) found.set(`${layer}/${number}`, [layer, number, `${one.filters ? "filter" : "unit"} ${number}`]);
    }
    return [...found.values()].sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]);
  }

  // [space, score] of every score that is known of each observation.
  function scored(source) {
    const found = new Map();
    for (const one of source ? source.scores : []) found.set(`${one.space}/${one.score}`, [one.space, one.score]);
    return [...found.values()];
  }

  // {colours: a list for each panel, values: numbers that they stand for, for each panel a list or null, legend}. Panels of one
  // snapshot have the same, but for a score of observations in its layer.
  layerscope.colourings = function (state, sample, source, panels, rows) {
    const [what, space, score] = split(state.colour);
    if (!panels.length) return {colours: [], values: [], legend: {}};
    if (what === "score") return ofScores(sample, source, panels, rows, space, score);
    const found = rows.map((row) => colouring(state, sample, source, row.epoch));
    const known = found.filter((one) => one.values);
    // One ramp for all snapshots, so that their colours can be compared.
    const {colour, legend} = known.length ? ramp(sample, known.flatMap((one) => Array.from(one.values)), known[0].what) : found[0];
    for (const one of known) one.colours = Array.from(one.values, colour);
    const ofPanels = panels.map((panel) => found[panel.row]);
    return {colours: ofPanels.map((one) => one.colours), values: ofPanels.map((one) => one.values || null), legend};
  };

  // One ramp for all panels, so that their colours can be compared.
  function ofScores(sample, source, panels, rows, space, score) {
    const unpacked = (one) => {
      if (!one.unpacked) one.unpacked = inRange(layerscope.numbers(one.values, "uint8"), one.range);
      return one.unpacked;
    };
    const known = (from) => (from ? from.scores : []).filter((one) => one.space === space && one.score === score);
    const all = known(source).flatMap((one) => Array.from(unpacked(one)));
    const what = `${layerscope.scoreName(score)}${space === "raw" || space === "run" ? "" : ` in ${layerscope.named(space)}`}`;
    const {colour, legend} = ramp(sample, all, what);
    const values = panels.map((panel) => {
      // What is of the network is so beside its input too.
      const ofNetwork = space === "run";
      const [from, epoch] = ofNetwork ? [source, rows[panel.row].epoch] : [panel.source, panel.epoch];
      const here = known(from).find((one) => one.epoch === epoch && (ofNetwork || one.layer === panel.layer)
        && (one.seed === null || one.seed === panel.embedding.seed) && panel.filter === null);
      return here ? unpacked(here) : null;
    });
    const colours = values.map((ofPanel) => ofPanel ? Array.from(ofPanel, colour) : new Array(sample.n).fill(UNKNOWN));
    return {colours, values, legend};
  }

  // {colours: one for each point, legend}: legend is {classes}, or {text} where nothing is known. Or {values, what}: numbers that
  // are to be coloured, and what they are.
  function colouring(state, sample, source, epoch) {
    const [what, name, unit] = split(state.colour);
    const predicted = source && source.predictions[epoch];
    if (what === "class" && sample.labels) return ofClasses(sample, sample.labels, true);
    if (what === "prediction" && predicted && predicted.classes) return ofClasses(sample, predicted.classes, false);
    if (what === "correct" && predicted && predicted.classes) {
      const colours = Array.from(sample.labels, (label, place) => label === predicted.classes[place] ? RIGHT : WRONG);
      return {colours, legend: {classes: [["right", RIGHT], ["wrong", WRONG]]}};
    }
    const target = (sample.targets || []).findIndex((one) => one.name === name);
    if (what === "target" && target >= 0) return {values: sample.targets[target].values, what: name};
    if ((what === "predicted" || what === "error") && target >= 0 && predicted && predicted.targets) {
      const found = predicted.targets[target];
      const values = what === "error" ? found.map((value, place) => value - sample.targets[target].values[place]) : found;
      return {values, what: `${what === "error" ? "error of" : "predicted"} ${name}`};
    }
    if (what === "loss" && predicted) return {values: predicted.losses, what: "loss"};
    if (what === "unit") {
      const found = source && source.units[`${epoch}/${name}`];
      const place = found ? found.numbers.indexOf(Number(unit)) : -1;
      if (place >= 0) return {values: activations(found, place), what: `${found.filters ? "mean of filter" : "unit"} ${unit} of ${name}`};
    }
    return {colours: new Array(sample.n).fill(UNKNOWN), legend: {text: "not known of this snapshot"}};
  }

  // "unit/conv1/3" → ["unit", "conv1", "3"]; the name of a target may hold any character, that of a score or embedding no stroke.
  function split(colour) {
    const [what, ...rest] = (colour || "").split("/");
    if (what !== "unit" && what !== "score") return [what, rest.join("/")];
    return [what, rest.slice(0, -1).join("/"), rest[rest.length - 1]];
  }

  function activations(found, place) {
    if (!found.unpacked) found.unpacked = layerscope.numbers(found.values, "uint8");
    const n = found.unpacked.length / found.numbers.length;
    return inRange(found.unpacked.subarray(place * n, (place + 1) * n), found.ranges[place]);
  }

  // Values from steps within a range, and how far these lie apart; 255 stands for a missing value.
  function inRange(steps, [low, high]) {
    const found = Float32Array.from(steps, (step) => step === 255 ? NaN : low + (high - low) * step / 254);
    return Object.assign(found, {step: (high - low) / 254});
  }

  // isTrue: whether the numbers are the labels, by which the key can show one class alone.
  function ofClasses(sample, numbers, isTrue) {
    const colours = Array.from(numbers, (label) => sample.palette[label] || UNKNOWN);
    return {colours, legend: {classes: sample.classes.map((name, label) => [name, sample.palette[label], ...(isTrue ? [label] : [])])}};
  }

  // {colour: of a value, legend}. The ends of the ramp are the 2nd and the 98th of a hundred, so that a few large values do not hide
  // all others.
  function ramp(sample, values, what) {
    const sorted = Float32Array.from(values.filter(Number.isFinite)).sort();
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    let [low, high] = [at(0.02), at(0.98)];
    if (!(low < high)) [low, high] = [sorted[0], sorted[sorted.length - 1]];
    const last = sample.ramp.length - 1;
    const colour = (value) => {
      if (!Number.isFinite(value)) return UNKNOWN;
      const share = low < high ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
      return sample.ramp[Math.round(share * last)];
    };
    return {colour, legend: {low, high, ramp: sample.ramp, what}};
  }
})();
