"use strict";
(() => {
  const FATES = ["killed", "lost", "fell", "leaked"];
  const TAIL_S = 600, LINGER_S = 900;
  const root = getComputedStyle(document.documentElement);
  const ink = (name) => root.getPropertyValue(name).trim();

  function clock(s) {
    const m = Math.floor(Math.abs(s) / 60), sign = s < 0 ? "−" : "";
    return sign + String(Math.floor(m / 60)).padStart(2, "0") + ":" + String(m % 60).padStart(2, "0");
  }

  // where a path is at a time: t, x, y over and over, in order of time
  function place(line, t) {
    let low = 0, high = line.length / 3 - 1;
    if (t <= line[0]) return [line[1], line[2]];
    if (t >= line[3 * high]) return [line[3 * high + 1], line[3 * high + 2]];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (line[3 * middle] <= t) low = middle; else high = middle;
    }
    const a = 3 * low, b = 3 * high, w = (t - line[a]) / (line[b] - line[a] || 1);
    return [line[a + 1] + w * (line[b + 1] - line[a + 1]), line[a + 2] + w * (line[b + 2] - line[a + 2])];
  }

  function mark(g, fate, x, y, r) {
    g.beginPath();
    if (fate === 0) { g.moveTo(x - r, y - r); g.lineTo(x + r, y + r); g.moveTo(x + r, y - r); g.lineTo(x - r, y + r); }
    if (fate === 1) { g.moveTo(x, y - r); g.lineTo(x + r, y); g.lineTo(x, y + r); g.lineTo(x - r, y); g.closePath(); }
    if (fate === 2) { g.moveTo(x - r, y - 0.6 * r); g.lineTo(x + r, y - 0.6 * r); g.lineTo(x, y + r); g.closePath(); }
    if (fate === 3) { g.arc(x, y, 1.1 * r, 0, 7); g.fillStyle = ink("--mean"); g.fill(); }
    g.lineWidth = fate === 3 ? 1.2 : 2;
    g.strokeStyle = fate === 3 ? ink("--paper") : ink("--ink");
    g.stroke();
  }

  function tracks(g, data, t, speed) {
    const near = Math.max(60, 0.35 * speed);
    g.lineWidth = 1.4;
    g.strokeStyle = ink("--unit");
    for (const [at, unit, threat] of data.shots) {
      if (at > t || at < t - near) continue;
      const [x, y] = place(data.threats[threat].line, at);
      g.beginPath(); g.moveTo(...data.units[unit]); g.lineTo(x, y); g.stroke();
    }
    for (const one of data.threats) {
      const line = one.line, start = line[0], end = line[line.length - 3];
      if (t < start) continue;
      const [x, y] = place(line, t);
      if (t >= end) {
        g.globalAlpha = one.fate === 3 || t - end < LINGER_S ? 1 : 0.35;
        mark(g, one.fate, x, y, 5);
        g.globalAlpha = 1;
        continue;
      }
      const seen = one.seen !== null && one.seen <= t;
      g.strokeStyle = ink("--bar");
      g.lineWidth = 1.6;
      g.setLineDash(seen ? [] : [3, 3]);
      g.beginPath(); g.moveTo(x, y);
      for (let back = 60; back <= TAIL_S && t - back >= start; back += 60) g.lineTo(...place(line, t - back));
      g.stroke();
      g.setLineDash([]);
      g.beginPath(); g.arc(x, y, 3.6, 0, 7);
      g.fillStyle = seen ? ink("--bar") : ink("--paper");
      g.fill(); g.stroke();
    }
  }

  function cells(g, data, t) {
    const many = new Map();
    for (const [end, fate, cell] of data.ends) {
      if (end > t) break;
      const key = 4 * cell + fate;
      many.set(key, (many.get(key) || 0) + 1);
    }
    for (const fate of [2, 1, 0, 3]) for (const [key, n] of many) {
      if (key % 4 !== fate) continue;
      const [x, y] = data.cells[(key - fate) / 4], [dx, dy] = data.aside[fate];
      mark(g, fate, x + dx, y + dy, 4 * Math.pow(n, 0.4));
    }
    const share = (t - data.first) / (data.last - data.first);
    const frame = data.frames[Math.min(Math.floor(share * (data.frames.length - 1)), data.frames.length - 1)];
    g.strokeStyle = ink("--bar");
    g.lineWidth = 1.8;
    for (let k = 0; k < frame.length; k += 3) {
      const [x, y] = data.cells[frame[k]];
      g.beginPath(); g.arc(x, y, 3.2 * Math.sqrt(frame[k + 2]), 0, 7);
      g.fillStyle = frame[k + 1] ? ink("--bar") : ink("--paper");
      g.fill(); g.stroke();
    }
  }

  function start(figure) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const find = (name) => figure.querySelector(name);
    const picture = find("svg.ground"), box = picture.viewBox.baseVal, stage = find(".stage");
    const slide = find(".time"), play = find(".play"), pace = find(".pace"), now = find(".now"), chart = now.ownerSVGElement;
    const log = find(".log"), said = find(".said"), canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    stage.append(canvas);
    figure.classList.add("live");
    find(".controls").hidden = false;
    slide.min = data.first; slide.max = data.last; slide.step = 30;
    let t = data.first, last = 0, running = false;

    function draw() {
      const wide = Math.round(stage.clientWidth * devicePixelRatio);
      const high = Math.round(wide * box.height / box.width);
      if (canvas.width !== wide || canvas.height !== high) { canvas.width = wide; canvas.height = high; }
      const g = canvas.getContext("2d");
      g.setTransform(wide / box.width, 0, 0, wide / box.width, 0, 0);
      g.clearRect(0, 0, box.width, box.height);
      if (data.frames) cells(g, data, t); else tracks(g, data, t, Number(pace.value));
      const share = (t - data.first) / (data.last - data.first);
      now.setAttribute("transform", "translate(" + (data.left + share * (data.right - data.left)).toFixed(1) + " 0)");
      const row = Math.round(share * (data.counts[0].length - 1));
      const counts = data.counts.map((one) => one[row]);
      find(".hour").textContent = clock(t);
      figure.querySelectorAll(".count").forEach((one, k) => { one.textContent = counts[k]; });
      slide.value = t;
      slide.setAttribute("aria-valuetext", clock(t));
      if (log) {
        let upto = 0;
        while (upto < data.log.length && data.log[upto][0] <= t) upto += 1;
        log.replaceChildren(...data.log.slice(Math.max(0, upto - 6), upto).map(([at, text]) => {
          const item = document.createElement("li");
          item.textContent = clock(at) + "  " + text;
          return item;
        }));
      }
    }
    function go(to) { t = Math.min(Math.max(to, data.first), data.last); draw(); }
    function tick(moment) {
      if (!running) return;
      if (last) go(t + (moment - last) / 1000 * Number(pace.value));
      last = moment;
      if (t >= data.last) set(false); else requestAnimationFrame(tick);
    }
    function set(on) {
      running = on; last = 0;
      play.textContent = on ? play.dataset.pause : play.dataset.play;
      if (!on) { said.textContent = clock(t); return; }
      if (t >= data.last) t = data.first;
      requestAnimationFrame(tick);
    }
    function brush(event) {
      const whole = chart.getBoundingClientRect();
      const x = (event.clientX - whole.left) / whole.width * chart.viewBox.baseVal.width;
      go(data.first + (x - data.left) / (data.right - data.left) * (data.last - data.first));
    }
    play.addEventListener("click", () => set(!running));
    pace.addEventListener("change", draw);
    slide.addEventListener("input", () => go(Number(slide.value)));
    chart.addEventListener("pointerdown", (event) => { chart.setPointerCapture(event.pointerId); brush(event); });
    chart.addEventListener("pointermove", (event) => { if (event.buttons) brush(event); });
    addEventListener("resize", draw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    go(data.first + 0.5 * (data.last - data.first));
  }

  document.querySelectorAll("figure.played").forEach(start);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
})();
