"use strict";
// The view in the address of the page, so that it can be sent.

(function () {
  const NUMBERS = new Set(["seed", "epoch", "embedding_seed"]);
  const SWITCHES = new Set(["beside", "pictures"]);
  // A longer list of rows makes addresses that mail programs cut.
  layerscope.MOST_ROWS_IN_ADDRESS = 300;

  layerscope.readAddress = function () {
    const state = {};
    for (const [key, text] of new URLSearchParams(location.hash.slice(1))) {
      if (key === "rows") state.rows = text.split(".").filter((part) => /^[0-9a-z]+$/.test(part)).map((part) => parseInt(part, 36));
      else if (key === "zoom") state.zoom = readZoom(text);
      else if (NUMBERS.has(key)) {
        if (Number.isFinite(Number(text))) state[key] = Number(text);
      }
      else if (SWITCHES.has(key)) state[key] = text === "1";
      else state[key] = text;
    }
    return state;
  };

  layerscope.writeAddress = function (state) {
    const parameters = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      if (value === null || value === undefined || value === "") continue;
      if (key === "rows") {
        if (value.length) parameters.set(key, value.slice(0, layerscope.MOST_ROWS_IN_ADDRESS).map((row) => row.toString(36)).join("."));
      } else if (key === "zoom") {
        const text = Object.entries(value).map(([panel, ends]) => `${panel}:${ends.map((end) => end.toFixed(4)).join("_")}`).join("~");
        if (text) parameters.set(key, text);
      } else if (SWITCHES.has(key)) parameters.set(key, value ? "1" : "0");
      else parameters.set(key, String(value));
    }
    history.replaceState(null, "", `#${parameters}`);
  };

  // What is enlarged: panel → left, right, bottom and top end of what it shows.
  function readZoom(text) {
    const zoom = {};
    for (const part of text.split("~")) {
      const [panel, ends] = part.split(":");
      const numbers = (ends || "").split("_").map(Number);
      if (numbers.length === 4 && numbers.every(Number.isFinite) && numbers[0] < numbers[1] && numbers[2] < numbers[3]) zoom[panel] = numbers;
    }
    return zoom;
  }
})();
