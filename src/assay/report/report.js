// Draws the report's figures as SVG with D3 5 from the numbers beside them, and folds their tables away. Without this
// script the tables stay where the figures would be. Every text enters through textContent or an attribute, never as
// markup.
(() => {
  "use strict";

  const DASHES = [null, "7 3", "2 3", "9 3 2 3", "1 3", "12 4"];
  const LABELLED_CLASSES = 30;
  const colour = i => `var(--data-${i % 6 + 1})`;
  const finite = v => typeof v === "number" && Number.isFinite(v);
  const number = v => !finite(v) ? "–" : Number.isInteger(v) ? d3.format(",d")(v) : d3.format(".4~g")(v);
  const percent = v => d3.format(".3~p")(v).replace("%", "\u00a0%");
  const clamp = (v, low, high) => Math.max(low, Math.min(high, v));
  const textWidth = text => 6.7 * [...text].length;
  const cut = (text, room) => {
    const most = Math.max(3, Math.floor(room / 6.7 + 0.01)), letters = [...text];
    return letters.length <= most ? text : letters.slice(0, most - 1).join("") + "…";
  };

  // Margins round a plotting area of w × h.
  function frame(host, figure, width, height, margin) {
    const svg = d3.select(host).append("svg")
      .attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height)
      .attr("role", "img").attr("aria-label", figure.title);
    return {
      svg, g: svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`),
      w: width - margin.left - margin.right, h: height - margin.top - margin.bottom,
    };
  }

  function bottomAxis({g, w, h}, x, label, ticks = Math.max(2, w / 80)) {
    g.append("g").attr("class", "axis").attr("transform", `translate(0,${h})`)
      .call(d3.axisBottom(x).ticks(ticks).tickSizeOuter(0)).attr("font-size", null).attr("font-family", null);
    g.append("text").attr("class", "quiet").attr("x", w / 2).attr("y", h + 36).attr("text-anchor", "middle").text(label);
  }

  // The label stands level above the axis, where nobody must turn the head.
  function leftAxis({g, w, h}, y, label, ticks = Math.max(2, h / 50), left = 40) {
    g.append("g").attr("class", "grid").call(d3.axisLeft(y).ticks(ticks).tickSize(-w).tickFormat(""));
    const axis = g.append("g").attr("class", "axis")
      .call(d3.axisLeft(y).ticks(ticks).tickSizeOuter(0)).attr("font-size", null).attr("font-family", null);
    axis.select(".domain").remove();
    g.append("text").attr("class", "quiet").attr("x", -left + 2).attr("y", -13).text(label);
  }

  function extent(values) {
    const [low, high] = d3.extent(values.filter(finite));
    if (low === undefined) return [0, 1];
    if (low < high) return [low, high];
    const pad = Math.abs(low) * 0.1 || 0.5;
    return [low - pad, high + pad];
  }

  // Proportions keep their natural range: an axis does not run past 0 or 1.
  function valueScale(values, range) {
    const [low, high] = extent(values), scale = d3.scaleLinear().domain([low, high]).range(range).nice();
    if (values.filter(finite).every(v => v >= 0 && v <= 1))
      scale.domain([Math.max(0, scale.domain()[0]), Math.min(1, scale.domain()[1])]);
    return scale;
  }

  function legend(host, entries) {
    const row = d3.select(host).append("div").attr("class", "legend");
    for (const {name, draw} of entries) {
      const item = row.append("span");
      draw(item.append("svg").attr("viewBox", "0 0 28 12").attr("aria-hidden", "true"));
      item.append("span").text(name);
    }
  }

  function points(s) {
    return s.x.map((x, i) => ({x, y: s.y[i], low: s.low[i], high: s.high[i]}));
  }

  function lines(host, figure, width) {
    const all = figure.series.map(points), flat = [].concat(...all).filter(p => finite(p.x));
    if (figure.series.length > 1)
      legend(host, figure.series.map((s, i) => ({
        name: s.name,
        draw: svg => svg.append("line").attr("x1", 0).attr("x2", 28).attr("y1", 6).attr("y2", 6)
          .attr("stroke", colour(i)).attr("stroke-width", 2).attr("stroke-dasharray", DASHES[i % 6]),
      })));
    const values = [].concat(...flat.map(p => [p.y, p.low, p.high]));
    const height = clamp(width * 0.55, 240, 380);
    const y = valueScale(values, [height - 74, 0]);
    const left = 16 + d3.max(y.ticks().map(t => textWidth(y.tickFormat()(t))));
    const area = frame(host, figure, width, height, {top: 30, right: 14, bottom: 44, left});
    const x = d3.scaleLinear().domain(extent(flat.map(p => p.x))).range([0, area.w]);
    leftAxis(area, y, figure.yLabel, undefined, left);
    bottomAxis(area, x, figure.xLabel);
    all.forEach((data, i) => {
      const banded = p => finite(p.x) && finite(p.low) && finite(p.high);
      area.g.append("path").attr("fill", colour(i)).attr("fill-opacity", 0.16)
        .attr("d", d3.area().defined(banded).x(p => x(p.x)).y0(p => y(p.low)).y1(p => y(p.high))(data));
      const drawn = p => finite(p.x) && finite(p.y);
      area.g.append("path").attr("fill", "none").attr("stroke", colour(i)).attr("stroke-width", 2)
        .attr("stroke-dasharray", DASHES[i % 6]).attr("stroke-linejoin", "round")
        .attr("d", d3.line().defined(drawn).x(p => x(p.x)).y(p => y(p.y))(data));
      if (data.length <= 40)
        area.g.append("g").selectAll("circle").data(data.filter(drawn)).join("circle")
          .attr("cx", p => x(p.x)).attr("cy", p => y(p.y)).attr("r", 3).attr("fill", colour(i))
          .append("title").text(p => `${figure.series[i].name} ${number(p.x)}: ${number(p.y)}` +
            (banded(p) ? ` (${number(p.low)} – ${number(p.high)})` : ""));
    });
  }

  function bars(host, figure, width) {
    const count = figure.labels.length, groups = figure.series.length;
    if (groups > 1)
      legend(host, figure.series.map((s, i) => ({
        name: s.name,
        draw: svg => svg.append("rect").attr("width", 12).attr("height", 12).attr("fill", colour(i)),
      })));
    const bar = count * groups <= 60 ? 15 : count * groups <= 300 ? 9 : 4, gap = bar > 9 ? 7 : 2;
    const step = bar * groups + gap, every = Math.ceil(13 / step);
    const left = Math.min(d3.max(figure.labels.map(textWidth)) + 12, width * 0.38);
    const area = frame(host, figure, width, count * step + 60, {top: 10, right: 52, bottom: 50, left});
    const values = [0].concat(...figure.series.map(s => [...s.y, ...s.low, ...s.high]));
    const x = valueScale(values, [0, area.w]);
    area.g.append("g").attr("class", "grid").attr("transform", `translate(0,${area.h})`)
      .call(d3.axisBottom(x).ticks(Math.max(2, area.w / 80)).tickSize(-area.h).tickFormat(""));
    bottomAxis(area, x, figure.yLabel);
    figure.labels.forEach((label, i) => {
      const row = area.g.append("g").attr("transform", `translate(0,${i * step + gap / 2})`);
      if (i % every === 0)
        row.append("text").attr("x", -8).attr("y", bar * groups / 2).attr("dy", ".35em").attr("text-anchor", "end")
          .text(cut(label, left - 10));
      const told = [];
      figure.series.forEach((s, k) => {
        const v = s.y[i], top = k * bar, banded = finite(s.low[i]) && finite(s.high[i]);
        told.push(`${groups > 1 ? s.name + " " : ""}${number(v)}` +
          (banded ? ` (${number(s.low[i])} – ${number(s.high[i])})` : ""));
        if (finite(v))
          row.append("rect").attr("x", Math.min(x(0), x(v))).attr("width", Math.abs(x(v) - x(0)))
            .attr("y", top + (bar > 9 ? 1 : 0)).attr("height", bar - (bar > 9 ? 2 : 1)).attr("fill", colour(k)).attr("fill-opacity", 0.8);
        if (banded) {
          const middle = top + bar / 2, cap = Math.min(4, bar / 3);
          row.append("path").attr("fill", "none").attr("stroke", "var(--ink)").attr("stroke-width", 1.2)
            .attr("d", `M${x(s.low[i])},${middle}H${x(s.high[i])}` + [s.low[i], s.high[i]]
              .map(e => `M${x(e)},${middle - cap}v${2 * cap}`).join(""));
        }
        if (bar > 9)
          row.append("text").attr("class", "quiet").attr("y", top + bar / 2).attr("dy", ".35em")
            .attr("x", finite(v) ? Math.max(x(v), banded ? x(s.high[i]) : 0, x(0)) + 6 : x(0) + 6).text(number(v));
      });
      row.append("title").text(`${label}: ${told.join(", ")}`);
    });
  }

  // Right answers and confusions take different colours, each by its share of the true class, so that classes of
  // different size compare; confusions on a square-root scale, or the interesting small ones would be invisible.
  const opacity = (share, right) => clamp(right ? 0.08 + 0.84 * share : 0.06 + 0.9 * Math.sqrt(share), 0, 1);

  function shareLegend(host) {
    const scale = right => svg => {
      for (let i = 0; i < 4; ++i)
        svg.append("rect").attr("x", i * 7).attr("width", 7).attr("height", 12)
          .attr("fill", right ? "var(--hit)" : "var(--miss)").attr("fill-opacity", opacity([0.02, 0.2, 0.5, 1][i], right));
    };
    legend(host, [{name: "right, share of the true class", draw: scale(true)},
      {name: "confused, share of the true class (square-root scale)", draw: scale(false)}]);
  }

  function matrix(host, figure, width) {
    const k = figure.labels.length, few = k <= LABELLED_CLASSES;
    const total = new Array(k).fill(0);
    for (const [r, , v] of figure.cells) total[r] += Math.abs(v);
    shareLegend(host);
    const longest = d3.max(figure.labels.map(textWidth)), upright = width < 620 || !few;
    const left = Math.min(longest + 26, width * (few ? 0.3 : 0.22)), room = left - 26;
    const top = (upright ? Math.min(longest, room) : Math.min(longest, room) * 0.72) + 28;
    const right = upright ? 6 : Math.min(longest, room) * 0.72;
    const side = Math.max(k > 0 ? 40 : 0, Math.min(width - left - right, few ? Math.max(60, k * 52) : 720)), size = side / k;
    const area = frame(host, figure, left + side + right, top + side + 6, {top, right, bottom: 6, left});
    area.svg.style("max-width", `${left + side + right}px`);
    const every = Math.ceil(12 / size);
    area.g.append("text").attr("class", "quiet").attr("transform", `translate(${-left + 12},${side / 2}) rotate(-90)`)
      .attr("text-anchor", "middle").text((figure.yLabel || "true") + " ↓");
    area.g.append("text").attr("class", "quiet").attr("x", 0).attr("y", -top + 14).text((figure.xLabel || "predicted") + " →");
    figure.labels.forEach((label, i) => {
      if (i % every) return;
      const at = (i + 0.5) * size;
      area.g.append("text").attr("x", -7).attr("y", at).attr("dy", ".35em").attr("text-anchor", "end").text(cut(label, room))
        .append("title").text(label);
      area.g.append("text").attr("transform", `translate(${at + (upright ? 0 : 2)},-7) rotate(${upright ? -90 : -45})`)
        .attr("dy", upright ? ".35em" : 0).text(cut(label, room)).append("title").text(label);
    });
    const share = (r, v) => total[r] > 0 ? Math.abs(v) / total[r] : 0;
    const tell = (r, c, v) => r === c ? `${figure.labels[r]} taken for itself: ${number(v)} (${percent(share(r, v))})` :
      `${figure.labels[r]} taken for ${figure.labels[c]}: ${number(v)} (${percent(share(r, v))})`;
    if (few) labelledCells(area, figure, size, share, tell);
    else heatMap(host, area, figure, size, share, tell);
    area.g.append("rect").attr("width", side).attr("height", side).attr("fill", "none").attr("stroke", "var(--line)");
  }

  function labelledCells({g}, figure, size, share, tell) {
    const k = figure.labels.length, values = new Map(figure.cells.map(([r, c, v]) => [r * k + c, v]));
    for (let r = 0; r < k; ++r)
      for (let c = 0; c < k; ++c) {
        const v = values.get(r * k + c) || 0, solid = v === 0 ? 0 : opacity(share(r, v), r === c);
        const cell = g.append("g").attr("transform", `translate(${c * size},${r * size})`);
        cell.append("rect").attr("width", Math.max(0, size - 1)).attr("height", Math.max(0, size - 1))
          .attr("fill", r === c ? "var(--hit)" : "var(--miss)").attr("fill-opacity", solid).attr("pointer-events", "all");
        const text = number(v), letters = Math.min(13, (size - 3) / (0.58 * text.length));
        if (size >= 15 && letters >= 6.5)
          cell.append("text").attr("x", size / 2 - 0.5).attr("y", size / 2).attr("dy", ".35em").attr("text-anchor", "middle")
            .attr("font-size", letters).style("fill", solid > 0.6 ? "var(--text-on-fill)" : v === 0 ? "var(--line)" : null)
            .text(v === 0 ? "·" : text);
        cell.append("title").text(tell(r, c, v));
      }
  }

  // One path a shade: thousands of cells stay a handful of elements.
  function heatMap(host, {svg, g}, figure, size, share, tell) {
    const shades = new Map(), values = new Map(), k = figure.labels.length;
    const mark = Math.max(size, 2.5), shift = (size - mark) / 2;  // smaller marks would vanish
    for (const [r, c, v] of figure.cells) {
      const key = `${r === c ? 1 : 0} ${Math.ceil(opacity(share(r, v), r === c) * 16)}`;
      shades.set(key, (shades.get(key) || "") + `M${c * size + shift},${r * size + shift}h${mark}v${mark}h${-mark}z`);
      values.set(r * k + c, v);
    }
    for (const [key, path] of shades) {
      const [right, shade] = key.split(" ").map(Number);
      g.append("path").attr("d", path).attr("fill", right ? "var(--hit)" : "var(--miss)").attr("fill-opacity", shade / 16);
    }
    const readout = d3.select(host).append("p").attr("class", "readout").text("Point at a cell to read it.");
    svg.node().addEventListener("pointermove", event => {
      const [x, y] = d3.clientPoint(g.node(), event), c = Math.floor(x / size), r = Math.floor(y / size);
      if (c >= 0 && r >= 0 && c < k && r < k) readout.text(tell(r, c, values.get(r * k + c) || 0));
    });
  }

  // Values over rows and columns: each cell as solid as its value is large; few cells also say it.
  function map(host, figure, width) {
    const columns = figure.labels.length, rows = figure.rows.length, values = figure.cells;
    const most = d3.max(values.filter(finite), Math.abs) || 1;
    const left = Math.min(d3.max(figure.rows.map(textWidth)) + 34, width * 0.3), bottom = 52;
    const size = Math.min((width - left - 8) / columns, 72, 420 / rows);
    const area = frame(host, figure, left + size * columns + 8, size * rows + bottom + 8, {top: 8, right: 8, bottom, left});
    area.svg.style("max-width", `${left + size * columns + 8}px`);
    for (let r = 0; r < rows; ++r)
      for (let c = 0; c < columns; ++c) {
        const v = values[r * columns + c];
        const cell = area.g.append("g").attr("transform", `translate(${c * size},${r * size})`);
        const solid = finite(v) ? Math.abs(v) / most : 0, gap = size > 12 ? 1 : 0;
        cell.append("rect").attr("width", size - gap).attr("height", size - gap)
          .attr("fill", v < 0 ? "var(--miss)" : "var(--hit)").attr("fill-opacity", solid).attr("pointer-events", "all");
        if (size >= 34)
          cell.append("text").attr("x", size / 2).attr("y", size / 2).attr("dy", ".35em").attr("text-anchor", "middle")
            .style("fill", solid > 0.6 ? "var(--text-on-fill)" : null).text(finite(v) ? number(v) : "–");
        cell.append("title").text(`${figure.yLabel} ${figure.rows[r]}, ${figure.xLabel} ${figure.labels[c]}: ${finite(v) ? number(v) : "–"}`);
      }
    const everyColumn = Math.ceil(58 / size), everyRow = Math.ceil(16 / size);
    figure.labels.forEach((label, c) => {
      if (c % everyColumn) return;
      area.g.append("text").attr("x", (c + 0.5) * size).attr("y", size * rows + 16).attr("text-anchor", "middle")
        .text(cut(label, Math.max(size, 58))).append("title").text(label);
    });
    figure.rows.forEach((label, r) => {
      if (r % everyRow) return;
      area.g.append("text").attr("x", -7).attr("y", (r + 0.5) * size).attr("dy", ".35em").attr("text-anchor", "end")
        .text(cut(label, left - 30)).append("title").text(label);
    });
    area.g.append("text").attr("class", "quiet").attr("x", size * columns / 2).attr("y", size * rows + 40)
      .attr("text-anchor", "middle").text(figure.xLabel);
    area.g.append("text").attr("class", "quiet").attr("transform", `translate(${-left + 12},${size * rows / 2}) rotate(-90)`)
      .attr("text-anchor", "middle").text(figure.yLabel);
    area.g.append("rect").attr("width", size * columns).attr("height", size * rows).attr("fill", "none").attr("stroke", "var(--line)");
  }

  function reliability(host, figure, width) {
    const bins = points(figure.series[0]).filter(p => finite(p.x)), counts = figure.series[1];
    const outside = p => finite(p.low) && finite(p.high) && finite(p.y) && (p.y < p.low || p.y > p.high);
    const mark = (g, odd) => g.append("path").attr("fill", odd ? "var(--miss)" : "var(--hit)")
      .attr("stroke", "var(--paper)").attr("d", d3.symbol().type(odd ? d3.symbolDiamond : d3.symbolCircle).size(odd ? 90 : 70)());
    legend(host, [
      {name: "as a calibrated model would", draw: svg => mark(svg, false).attr("transform", "translate(14,6)")},
      {name: "beyond what chance explains", draw: svg => mark(svg, true).attr("transform", "translate(14,6)")},
      {name: "95 % of calibrated models", draw: svg => svg.append("rect").attr("x", 9).attr("width", 10).attr("height", 12)
        .attr("fill", "var(--muted)").attr("fill-opacity", 0.28)},
    ]);
    const tallest = counts && counts.y.some(finite) ? d3.max(counts.y.filter(finite)) : 0, below = tallest > 0 ? 110 : 0;
    const plotWidth = Math.min(width, 620), main = clamp(plotWidth * 0.6, 220, 360);
    const left = Math.max(40, textWidth(number(tallest)) + 16);
    const area = frame(host, figure, plotWidth, main + below + 78, {top: 30, right: 14, bottom: 48 + below, left});
    area.svg.style("max-width", `${plotWidth}px`);
    const x = d3.scaleLinear().domain([0, 1]).range([0, area.w]), y = d3.scaleLinear().domain([0, 1]).range([area.h, 0]);
    const places = (counts ? counts.x : bins.map(p => p.x)).filter(finite).sort(d3.ascending);
    const spacing = d3.median(d3.pairs(places, (a, b) => b - a)) || 0.1, bar = clamp(x(spacing) * 0.8, 3, 40);
    leftAxis(area, y, figure.yLabel || "accuracy", 5, left);
    area.g.append("line").attr("x1", x(0)).attr("y1", y(0)).attr("x2", x(1)).attr("y2", y(1))
      .attr("stroke", "var(--muted)").attr("stroke-dasharray", "4 3");
    for (const p of bins) {
      if (finite(p.low) && finite(p.high))
        area.g.append("rect").attr("x", x(p.x) - Math.min(bar, 16) / 2).attr("width", Math.min(bar, 16)).attr("y", y(p.high))
          .attr("height", Math.max(1, y(p.low) - y(p.high))).attr("fill", "var(--muted)").attr("fill-opacity", 0.28);
    }
    area.g.append("path").attr("fill", "none").attr("stroke", "var(--hit)").attr("stroke-opacity", 0.5)
      .attr("d", d3.line().defined(p => finite(p.y)).x(p => x(p.x)).y(p => y(p.y))(bins.filter(p => finite(p.y))));
    for (const p of bins.filter(b => finite(b.y)))
      mark(area.g, outside(p)).attr("transform", `translate(${x(p.x)},${y(p.y)})`)
        .append("title").text(`confidence ${number(p.x)}: accuracy ${number(p.y)}` +
          (finite(p.low) ? `, if calibrated ${number(p.low)} – ${number(p.high)}` : ""));
    if (below === 0) return bottomAxis(area, x, figure.xLabel || "confidence", 5);
    const lower = {g: area.g.append("g").attr("transform", `translate(0,${area.h + 44})`), w: area.w, h: below - 44};
    area.g.append("g").attr("class", "axis").attr("transform", `translate(0,${area.h})`)
      .call(d3.axisBottom(x).ticks(5).tickFormat("").tickSizeOuter(0));
    const height = d3.scaleLinear().domain([0, tallest]).range([lower.h, 0]);
    leftAxis(lower, height, counts.name || "count", 2, left);
    counts.x.forEach((at, i) => {
      if (!finite(at) || !finite(counts.y[i])) return;
      lower.g.append("rect").attr("x", x(at) - bar / 2).attr("width", bar).attr("y", height(counts.y[i]))
        .attr("height", lower.h - height(counts.y[i])).attr("fill", "var(--hit)").attr("fill-opacity", 0.6)
        .append("title").text(`${number(counts.y[i])} at confidence ${number(at)}`);
      const text = number(counts.y[i]);
      if (bar >= 18 && textWidth(text) * 0.8 < bar * 1.25)
        lower.g.append("text").attr("class", "quiet").attr("font-size", 9.5).attr("x", x(at)).attr("y", height(counts.y[i]) - 3)
          .attr("text-anchor", "middle").text(text);
    });
    bottomAxis(lower, x, figure.xLabel || "confidence", 5);
  }

  const PAPER_WIDTH = 660;  // px between the margins of an A4 page
  const redraws = [];
  let printing = false;
  const drawings = {lines, bars, matrix, map, reliability};

  function drawable(figure) {
    if (figure.kind === "matrix") return figure.labels.length > 0;
    if (figure.kind === "map") return figure.labels.length > 0 && figure.cells.length === figure.labels.length * figure.rows.length;
    if (figure.kind === "bars" && figure.labels.length === 0) return false;
    return figure.series.length > 0 && figure.series.some(s => s.y.some(finite));
  }

  function setUp(element) {
    const figure = JSON.parse(element.querySelector("script").textContent);
    if (!drawable(figure)) return void (element.dataset.drawn = "nothing");
    const host = document.createElement("div"), numbers = element.querySelector(".numbers");
    host.className = "plot";
    element.insertBefore(host, numbers);
    let drawnAt = 0;
    const draw = () => {
      const width = printing ? PAPER_WIDTH : Math.max(280, Math.floor(element.clientWidth));
      if (Math.abs(width - drawnAt) < 4) return;
      drawnAt = width;
      host.replaceChildren();
      drawings[figure.kind](host, figure, width);
    };
    try {
      draw();
    } catch (error) {
      host.remove();
      throw error;
    }
    const fold = document.createElement("details"), summary = document.createElement("summary");
    fold.className = "numbers-of-figure";
    summary.textContent = "Show numbers";
    element.insertBefore(fold, numbers);
    fold.append(summary, numbers);
    element.dataset.drawn = "svg";
    redraws.push(draw);
    new ResizeObserver(draw).observe(element);
  }

  for (const element of document.querySelectorAll("figure.chart")) {
    try {
      setUp(element);
    } catch (error) {
      element.dataset.error = String(error);
      console.error(error);
    }
  }

  // Tables of classes sort by a click on a column's head: first the worst, that is the smallest.
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0], rows = [...body.rows];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (column === 0) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.classList.add("sort");
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const value = row => {
          const text = row.cells[column].dataset.value;
          return text === "" || text === undefined ? null : Number(text);
        };
        body.append(...[...rows].sort((a, b) => {
          const u = value(a), v = value(b);
          if (u === null || v === null) return (u === null) - (v === null);
          return down ? v - u : u - v;
        }));
      });
    });
  }

  // Galleries sort by the numbers of their pictures: the first click puts the largest first.
  for (const gallery of document.querySelectorAll(".pictures[data-keys]")) {
    const bar = document.createElement("p"), pictures = [...gallery.children];
    bar.className = "sorters";
    bar.append("Sort by");
    gallery.dataset.keys.split("|").forEach((name, key) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.setAttribute("aria-pressed", "false");
      let down = false;
      button.addEventListener("click", () => {
        const again = button.getAttribute("aria-pressed") === "true";
        down = again ? !down : true;
        for (const other of bar.querySelectorAll("button")) {
          other.setAttribute("aria-pressed", "false");
          other.textContent = other.textContent.replace(/ [↓↑]$/, "");
        }
        button.setAttribute("aria-pressed", "true");
        button.textContent = name + (down ? " ↓" : " ↑");
        const value = picture => Number(picture.dataset.values.split(" ")[key]);
        gallery.append(...[...pictures].sort((a, b) => down ? value(b) - value(a) : value(a) - value(b)));
      });
      bar.append(button);
    });
    gallery.before(bar);
  }

  // Paper cannot unfold anything, and a figure drawn for a telephone is too coarse for it.
  const folded = [];
  const print = now => {
    printing = now;
    for (const redraw of redraws) redraw();
  };
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details.print:not([open])")) {
      part.open = true;
      folded.push(part);
    }
    print(true);
  });
  addEventListener("afterprint", () => {
    for (const part of folded.splice(0)) part.open = false;
    print(false);
  });
})();
