"""What tests ask of the explorer's page, in JavaScript that every browser runs."""

# Where a panel draws an observation: number of the panel and row → pixels from the left and the top of the page.
POINT = """([number, row]) => {
    const panel = layerscope.shownPanels()[number];
    const place = layerscope.look().sample.placeOf.get(row);
    const {x, y} = layerscope.coordinates(panel.embedding);
    const box = panel.over.getBoundingClientRect();
    const {x_range, y_range} = panel.figure;
    const across = (x[place] - x_range.start) / (x_range.end - x_range.start);
    const up = (y[place] - y_range.start) / (y_range.end - y_range.start);
    return [box.left + across * box.width, box.top + (1 - up) * box.height];
}"""

# How many pixels a panel has that are not white: number of the panel → pixels.
INK = """(number) => {
    const canvas = layerscope.shownPanels()[number].view.export("png").canvas;
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const isInk = (at) => data[at + 3] && data[at] + data[at + 1] + data[at + 2] < 720;
    let ink = 0;
    for (let at = 0; at < data.length; at += 4) if (isInk(at)) ink++;
    return ink;
}"""
