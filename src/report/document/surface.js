// Turns the surfaces of a report: by mouse, finger and keys, and by itself where the reader does not mind motion. No library.
(() => {
  "use strict";
  const DEPTH = 0.62; // half the height of the box; its base reaches from -1 to 1
  const EYE = 5.5;
  const quiet = window.matchMedia("(prefers-reduced-motion: reduce)");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function start(box) {
    const data = JSON.parse(box.querySelector("script").textContent);
    const canvas = box.querySelector("canvas");
    const button = box.querySelector("button");
    const pen = canvas.getContext("2d");
    if (!pen) return;
    box.hidden = false;
    const home = { turn: 0.7, tilt: 0.5, zoom: 1 };
    const view = { ...home };
    const fingers = new Map();
    let turning = !quiet.matches;
    let seen = false;
    let asked = false;
    let before = 0;
    let ink = {};

    const x = data.xs.map((v) => 2 * v - 1);
    const y = data.ys.map((v) => 2 * v - 1);
    const height = (v) => DEPTH * (2 * v - 1);
    const columns = x.length;
    const faces = [];
    for (let j = 0; j + 1 < y.length; j++) {
      for (let i = 0; i + 1 < columns; i++) {
        const at = [j * columns + i, j * columns + i + 1, (j + 1) * columns + i + 1, (j + 1) * columns + i];
        const z = at.map((k) => data.heights[k]);
        if (z.some((v) => v === null)) continue;
        const mean = (z[0] + z[1] + z[2] + z[3]) / 4;
        // Light from above and one side tells slopes apart that have the same colour.
        const dx = (height(z[1]) + height(z[2]) - height(z[0]) - height(z[3])) / (2 * (x[i + 1] - x[i]));
        const dy = (height(z[2]) + height(z[3]) - height(z[0]) - height(z[1])) / (2 * (y[j + 1] - y[j]));
        const lit = (0.35 * dx - 0.25 * dy + 0.9) / Math.hypot(dx, dy, 1);
        faces.push({ corners: [[x[i], y[j], z[0]], [x[i + 1], y[j], z[1]], [x[i + 1], y[j + 1], z[2]], [x[i], y[j + 1], z[3]]].map((p) => [p[0], p[1], height(p[2])]), color: shade(mean, 0.72 + 0.28 * Math.max(0, Math.min(1, lit))) });
      }
    }

    function shade(v, by) {
      const last = data.colors.length - 1;
      const at = Math.min(Math.max(v, 0), 1) * last;
      const low = Math.min(Math.floor(at), last - 1);
      const part = (k, s) => parseInt(data.colors[k].slice(1 + 2 * s, 3 + 2 * s), 16);
      const mix = [0, 1, 2].map((s) => Math.round(by * (part(low, s) + (at - low) * (part(low + 1, s) - part(low, s)))));
      return `rgb(${mix.join(",")})`;
    }

    function project([px, py, pz]) {
      const s = Math.sin(view.turn), c = Math.cos(view.turn);
      const st = Math.sin(view.tilt), ct = Math.cos(view.tilt);
      const across = px * c - py * s, away = px * s + py * c;
      const far = away * ct - pz * st;
      const near = EYE / (EYE + far);
      return [across * near, (pz * ct + away * st) * near, far];
    }

    function draw() {
      asked = false;
      const wide = canvas.clientWidth, high = canvas.clientHeight, dots = window.devicePixelRatio || 1;
      if (!wide || !high) return;
      if (canvas.width !== Math.round(wide * dots) || canvas.height !== Math.round(high * dots)) {
        canvas.width = Math.round(wide * dots);
        canvas.height = Math.round(high * dots);
      }
      pen.setTransform(dots, 0, 0, dots, 0, 0);
      pen.clearRect(0, 0, wide, high);
      const size = Math.min(wide / 3.9, high / 3.05) * view.zoom;
      const screen = (p) => {
        const q = project(p);
        return [wide / 2 + size * q[0], 0.475 * high - size * q[1], q[2]];
      };
      const path = (points) => {
        pen.beginPath();
        points.forEach((p, i) => (i ? pen.lineTo(p[0], p[1]) : pen.moveTo(p[0], p[1])));
      };
      const line = (a, b, color) => {
        path([screen(a), screen(b)]);
        pen.strokeStyle = color;
        pen.stroke();
      };
      const far = (p) => project(p)[2];
      // The sides of the box that are behind whatever stands in it.
      const backX = far([1, 0, 0]) > far([-1, 0, 0]) ? 1 : -1;
      const backY = far([0, 1, 0]) > far([0, -1, 0]) ? 1 : -1;
      pen.lineWidth = 1;
      pen.lineJoin = "round";
      for (const [at] of data.ticks[0]) {
        const p = 2 * at - 1;
        line([p, -1, -DEPTH], [p, 1, -DEPTH], ink.line);
        line([p, backY, -DEPTH], [p, backY, DEPTH], ink.line);
      }
      for (const [at] of data.ticks[1]) {
        const p = 2 * at - 1;
        line([-1, p, -DEPTH], [1, p, -DEPTH], ink.line);
        line([backX, p, -DEPTH], [backX, p, DEPTH], ink.line);
      }
      for (const [at] of data.ticks[2]) {
        const p = height(at);
        line([-1, backY, p], [1, backY, p], ink.line);
        line([backX, -1, p], [backX, 1, p], ink.line);
      }
      const rim = (z) => [[-1, -1, z], [1, -1, z], [1, 1, z], [-1, 1, z], [-1, -1, z]];
      rim(-DEPTH).slice(1).forEach((p, i) => line(rim(-DEPTH)[i], p, ink.muted));
      [[backX, backY], [-backX, backY], [backX, -backY]].forEach(([a, b]) => line([a, b, -DEPTH], [a, b, DEPTH], ink.muted));
      line([backX, -1, DEPTH], [backX, 1, DEPTH], ink.muted);
      line([-1, backY, DEPTH], [1, backY, DEPTH], ink.muted);

      const drawn = faces.map((f) => {
        const points = f.corners.map(screen);
        return { points, color: f.color, far: (points[0][2] + points[1][2] + points[2][2] + points[3][2]) / 4 };
      });
      drawn.sort((a, b) => b.far - a.far);
      pen.lineWidth = 0.7;
      for (const f of drawn) {
        path(f.points);
        pen.closePath();
        pen.fillStyle = f.color;
        pen.fill();
        pen.strokeStyle = faces.length > 900 ? f.color : "rgba(0,0,0,.28)";
        pen.stroke();
      }
      for (const r of data.rings) {
        const p = screen([2 * r[0] - 1, 2 * r[1] - 1, height(r[2])]);
        pen.beginPath();
        pen.arc(p[0], p[1], 4, 0, 2 * Math.PI);
        pen.lineWidth = 3;
        pen.strokeStyle = "#000";
        pen.stroke();
        pen.lineWidth = 1.5;
        pen.strokeStyle = "#fff";
        pen.stroke();
      }

      pen.textBaseline = "middle";
      pen.textAlign = "center";
      const put = (text, at, color, font) => {
        pen.font = font;
        pen.fillStyle = color;
        pen.fillText(text, at[0], at[1]);
      };
      const small = `11px ${ink.family}`, plain = `12.5px ${ink.family}`;
      const floor = -DEPTH - 0.04;
      // At the near corner the last marks of both axes would meet.
      const inner = ([at]) => at > 0.03 && at < 0.97;
      for (const [at, text] of data.ticks[0].filter(inner)) put(text, screen([2 * at - 1, -backY * 1.17, floor]), ink.muted, small);
      for (const [at, text] of data.ticks[1].filter(inner)) put(text, screen([-backX * 1.17, 2 * at - 1, floor]), ink.muted, small);
      const within = (at, text) => {
        pen.font = plain;
        const half = pen.measureText(text).width / 2 + 4;
        return [Math.min(Math.max(at[0], half), wide - half), Math.min(Math.max(at[1], 10), high - 10)];
      };
      put(data.labels[0], within(screen([0, -backY * 1.5, floor - 0.04]), data.labels[0]), ink.text, plain);
      put(data.labels[1], within(screen([-backX * 1.5, 0, floor - 0.04]), data.labels[1]), ink.text, plain);
      const edges = [[-backX, backY], [backX, -backY]];
      const edge = edges.sort((a, b) => screen([...a, 0])[0] - screen([...b, 0])[0])[0];
      pen.textAlign = "right";
      for (const [at, text] of data.ticks[2]) {
        const p = screen([...edge, height(at)]);
        put(text, [p[0] - 7, p[1]], ink.muted, small);
      }
      pen.textAlign = "left";
      const tops = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map((c) => screen([...c, DEPTH])[1]);
      put(data.labels[2], [8, Math.max(10, Math.min(...tops) - 14)], ink.text, plain);
    }

    function frame(now) {
      if (turning && seen) {
        view.turn += Math.min(now - before, 60) * 0.00018;
        before = now;
        draw();
        asked = true;
        window.requestAnimationFrame(frame);
      } else {
        draw();
      }
    }
    function ask() {
      if (asked) return;
      asked = true;
      before = performance.now();
      window.requestAnimationFrame(frame);
    }
    function colors() {
      const style = getComputedStyle(box);
      const of = (name) => style.getPropertyValue(name).trim();
      ink = { text: of("--text"), muted: of("--muted"), line: of("--line"), family: style.fontFamily };
      ask();
    }
    function turn(on) {
      turning = on;
      button.textContent = on ? "Stop turning" : "Turn";
      button.setAttribute("aria-pressed", String(on));
      asked = false;
      ask();
    }
    function move(dx, dy) {
      view.turn += dx;
      view.tilt = Math.min(Math.max(view.tilt + dy, 0.02), 1.55);
      ask();
    }
    function zoom(by) {
      view.zoom = Math.min(Math.max(view.zoom * by, 0.5), 4);
      ask();
    }
    const apart = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a[0] - b[0], a[1] - b[1]);
    };

    canvas.addEventListener("pointerdown", (e) => {
      canvas.setPointerCapture(e.pointerId);
      fingers.set(e.pointerId, [e.clientX, e.clientY]);
      if (turning) turn(false);
    });
    canvas.addEventListener("pointermove", (e) => {
      const was = fingers.get(e.pointerId);
      if (!was) return;
      const wide = fingers.size === 2 ? apart() : 0;
      fingers.set(e.pointerId, [e.clientX, e.clientY]);
      if (fingers.size === 2) {
        if (wide > 0) zoom(apart() / wide);
      } else {
        move((e.clientX - was[0]) * 0.01, (e.clientY - was[1]) * 0.01);
      }
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (e) => fingers.delete(e.pointerId));
    canvas.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.metaKey) return; // the page scrolls
      e.preventDefault();
      zoom(Math.exp(-0.002 * e.deltaY));
    }, { passive: false });
    canvas.addEventListener("keydown", (e) => {
      const act = {
        ArrowLeft: () => move(-0.1, 0), ArrowRight: () => move(0.1, 0), ArrowUp: () => move(0, 0.1), ArrowDown: () => move(0, -0.1),
        "+": () => zoom(1.15), "=": () => zoom(1.15), "-": () => zoom(1 / 1.15),
        Home: () => { Object.assign(view, home); ask(); }, "0": () => { Object.assign(view, home); ask(); },
        " ": () => turn(!turning),
      }[e.key];
      if (!act || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      if (turning && e.key !== " ") turn(false);
      act();
    });
    button.addEventListener("click", () => turn(!turning));
    quiet.addEventListener("change", () => turn(!quiet.matches));
    dark.addEventListener("change", colors);
    new ResizeObserver(ask).observe(canvas);
    new IntersectionObserver((entries) => {
      seen = entries[entries.length - 1].isIntersecting;
      asked = false;
      if (seen) ask();
    }).observe(canvas);
    colors();
    turn(turning);
  }

  document.querySelectorAll(".surface").forEach(start);
})();
