"use strict";
// The scripts with data, which call layerscope.received, and what is packed in them.

const layerscope = {};

(function () {
  const received = new Map();
  const loading = new Map();

  layerscope.received = function (kind, name, content) {
    received.set(`${kind} ${name}`, content);
  };

  layerscope.page = function (name) {
    return received.get(`page ${name}`);
  };

  // A promise of the content of a script. A page that is opened from the file system may add scripts, and fetch nothing.
  layerscope.load = function (kind, name, file) {
    const key = `${kind} ${name}`;
    if (!loading.has(key)) {
      loading.set(key, new Promise((resolve, reject) => {
        if (received.has(key)) {
          resolve(received.get(key));
          return;
        }
        const script = document.createElement("script");
        script.src = file.split("/").map(encodeURIComponent).join("/");
        script.onload = () => received.has(key) ? resolve(received.get(key)) : reject(new Error(`${file} has no ${name}`));
        script.onerror = () => {
          loading.delete(key);
          reject(new Error(`${file} is missing beside this page`));
        };
        document.head.append(script);
      }));
    }
    return loading.get(key);
  };

  // An element of the page. Names are a person's own: they are set as text, and never as markup.
  layerscope.element = function (tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const TYPES = {uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, float32: Float32Array};

  // Numbers of a type from base64.
  layerscope.numbers = function (text, type) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let place = 0; place < bytes.length; place++) bytes[place] = characters.charCodeAt(place);
    return new TYPES[type](bytes.buffer);
  };

  layerscope.MISSING = 65535;

  // {x, y}: coordinates from 0 to 1 of the points of an embedding, NaN where it has none.
  layerscope.coordinates = function (embedding) {
    if (!embedding.unpacked) {
      const steps = layerscope.numbers(embedding.points, "uint16");
      const n = steps.length / 2;
      const x = new Float32Array(n);
      const y = new Float32Array(n);
      for (let place = 0; place < n; place++) {
        const missing = steps[2 * place] === layerscope.MISSING;
        x[place] = missing ? NaN : steps[2 * place] / (layerscope.MISSING - 1);
        y[place] = missing ? NaN : steps[2 * place + 1] / (layerscope.MISSING - 1);
      }
      embedding.unpacked = {x, y};
    }
    return embedding.unpacked;
  };

  // The arrays of a sample, unpacked once.
  layerscope.unpackSample = function (sample) {
    if (sample.unpacked) return sample;
    sample.rows = layerscope.numbers(sample.rows, "uint32");
    if (sample.labels !== undefined) sample.labels = layerscope.numbers(sample.labels, "uint16");
    for (const target of sample.targets || []) target.values = layerscope.numbers(target.values, "float32");
    if (sample.values) sample.values.values = layerscope.numbers(sample.values.values, "float32");
    sample.placeOf = new Map(Array.from(sample.rows, (row, place) => [row, place]));
    if (sample.pictures) {
      sample.sheet = new Image();
      sample.sheet.src = sample.pictures.sheet;
    }
    sample.unpacked = true;
    return sample;
  };

  // In the place of a sample and a source where nothing of a network is embedded.
  layerscope.withoutPoints = function (state) {
    const split = layerscope.page("catalogue").splits[state.sample] || "test";
    return {
      sample: {n: 0, total: 0, split, rows: [], placeOf: new Map(), palette: [], unpacked: true},
      source: {embeddings: {}, neighbors: {}, predictions: {}, units: {}, scores: [], unpacked: true},
    };
  };

  layerscope.unpackPredictions = function (source) {
    if (!source || source.unpacked) return source;
    for (const found of Object.values(source.predictions)) {
      found.losses = layerscope.numbers(found.losses, "float32");
      if (found.classes !== undefined) found.classes = layerscope.numbers(found.classes, "uint16");
      if (found.targets !== undefined) found.targets = found.targets.map((values) => layerscope.numbers(values, "float32"));
    }
    source.unpacked = true;
    return source;
  };

  // The nearest neighbours of a point in the space of a layer, as places; null where the study has no neighbours of this layer.
  layerscope.nearestInLayer = function (source, name, place) {
    const graph = source && source.neighbors[name];
    if (!graph) return null;
    if (!graph.unpacked) graph.unpacked = layerscope.numbers(graph.indices, "uint16");
    const row = graph.unpacked.subarray(place * graph.k, (place + 1) * graph.k);
    return Array.from(row).filter((other) => other !== layerscope.MISSING);
  };

  // The nearest neighbours of a point among the points of an embedding, as places.
  layerscope.nearestInEmbedding = function (points, place, count) {
    const {x, y} = points;
    if (Number.isNaN(x[place])) return [];
    const nearest = [];
    for (let other = 0; other < x.length; other++) {
      if (other === place || Number.isNaN(x[other])) continue;
      const distance = (x[other] - x[place]) ** 2 + (y[other] - y[place]) ** 2;
      if (nearest.length < count || distance < nearest[nearest.length - 1].distance) {
        let at = nearest.length;
        while (at > 0 && nearest[at - 1].distance > distance) at--;
        nearest.splice(at, 0, {distance, other});
        if (nearest.length > count) nearest.pop();
      }
    }
    return nearest.map((one) => one.other);
  };
})();
