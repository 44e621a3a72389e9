"use strict";
// Save the selection as a table, and what is shown as a picture.

(function () {
  const GAP = 10;
  const CAPTION = 18;
  const TITLE = 24;

  function save(name, blob) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  const cell = (value) => {
    const text = value === null || value === undefined || Number.isNaN(value) ? "" : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
  };

  // A row for each selected observation, or for all that are drawn: what is known of it, and its coordinates in every panel.
  layerscope.selectionAsTable = function (look) {
    const {sample, source, epoch} = look;
    const panels = layerscope.shownPanels();
    const places = look.selected.length ? look.selected : look.drawn || Array.from({length: sample.n}, (_, place) => place);
    const facts = (place) => layerscope.facts(sample, source, epoch, place).slice(1);
    const head = ["row", "split", ...(places.length ? facts(places[0]).map(([what]) => what) : [])];
    for (const panel of panels) head.push(...["x", "y"].map((axis) => `${axis} ${panel.title} epoch ${panel.epoch}`));
    const lines = [head];
    for (const place of places) {
      const line = [sample.rows[place], sample.split, ...facts(place).map(([, text]) => text)];
      for (const panel of panels) {
        const {x, y} = layerscope.coordinates(panel.embedding);
        const [left, bottom, side] = panel.embedding.frame;
        line.push(Number((left + x[place] * side).toPrecision(6)), Number((bottom + y[place] * side).toPrecision(6)));
      }
      lines.push(line);
    }
    return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  };

  layerscope.saveTable = function (look) {
    save(`${look.name}.csv`, new Blob([layerscope.selectionAsTable(look)], {type: "text/csv"}));
  };

  // Where each panel of the view lies in a saved picture, and how large that is.
  function arranged() {
    const holder = document.getElementById("panels").getBoundingClientRect();
    const places = layerscope.shownPanels().map((panel) => {
      const box = panel.over.getBoundingClientRect();
      return {panel, left: GAP + box.left - holder.left, top: TITLE + GAP + box.top - holder.top, side: panel.side};
    });
    const width = Math.max(...places.map((one) => one.left + one.side)) + GAP;
    const height = Math.max(...places.map((one) => one.top + one.side)) + GAP;
    return {places, width, height};
  }

  const captionOf = (panel) => `${panel.title}, epoch ${panel.epoch}`;

  layerscope.viewAsPicture = function (look) {
    const {places, width, height} = arranged();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * width;
    canvas.height = 2 * height;
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#111111";
    context.font = "600 13px system-ui, sans-serif";
    context.fillText(look.title, GAP, TITLE - 6);
    context.font = "12px system-ui, sans-serif";
    for (const {panel, left, top, side} of places) {
      context.fillText(captionOf(panel), left, top - 4, side);
      context.drawImage(panel.view.export("png", true).canvas, left, top, side, side);
      context.drawImage(panel.over, left, top, side, side);
    }
    return canvas;
  };

  layerscope.viewAsDrawing = function (look) {
    const {places, width, height} = arranged();
    const SVG = "http://www.w3.org/2000/svg";
    const make = (tag, attributes, text) => {
      const made = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      if (text !== undefined) made.textContent = text;
      return made;
    };
    const whole = make("svg", {width, height, viewBox: `0 0 ${width} ${height}`, "font-family": "sans-serif"});
    whole.append(make("rect", {width, height, fill: "#ffffff"}), make("text", {x: GAP, y: TITLE - 6, "font-size": 13}, look.title));
    for (const {panel, left, top, side} of places) {
      whole.append(make("text", {x: left, y: top - 4, "font-size": 12}, captionOf(panel)));
      const drawn = panel.view.export("svg").ctx.get_svg ? panel.view.export("svg").ctx.get_svg() : null;
      if (drawn) {
        for (const [name, value] of [["x", left], ["y", top], ["width", side], ["height", side]]) drawn.setAttribute(name, value);
        whole.append(drawn);
      }
      whole.append(make("image", {x: left, y: top, width: side, height: side, href: panel.over.toDataURL("image/png")}));
    }
    return new XMLSerializer().serializeToString(whole);
  };

  layerscope.savePicture = function (look) {
    layerscope.viewAsPicture(look).toBlob((blob) => save(`${look.name}.png`, blob), "image/png");
  };

  layerscope.saveDrawing = function (look) {
    save(`${look.name}.svg`, new Blob([layerscope.viewAsDrawing(look)], {type: "image/svg+xml"}));
  };
})();
