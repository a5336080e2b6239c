"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const steps = data.steps, buffers = data.buffers;
  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const number = (value) => value.toLocaleString("en-US");
  const named = (step) => steps[step].nodes[0] || steps[step].op || steps[step].kernel;
  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  // Names in a model may hold anything: control characters and marks of direction are spelt out.
  const plain = (text) => String(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) =>
    `<U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);

  const shortened = (text) => (text.length > 160 ? `${text.slice(0, 159)}…` : text);

  // --- The tip: what is under the pointer, or has the focus.
  const tip = byId("tip");

  function bufferLines(index) {
    const one = buffers[index];
    const size = `${number(one.bytes)} B at ${number(one.offset)} to ${number(one.offset + one.bytes)}`;
    const life = one.first === one.last ? `step ${one.first}` : `steps ${one.first} to ${one.last}`;
    const lines = [`${one.kind}, ${size}`, one.brief ? `${life}, for a few turns at a time` : life];
    if (one.rows) lines.push(`${one.rows.kept} of ${one.rows.of} rows`);
    if (one.also.length) lines.push(`also ${one.also.join(", ")}`);
    const nodes = one.steps.flatMap((step) => steps[step].nodes);
    if (nodes.length) {
      const more = nodes.length > 3 ? `, and ${nodes.length - 3} more nodes` : "";
      lines.push(`${one.kind === "scratch" ? "of" : "made by"} ${nodes.slice(0, 3).join(", ")}${more}`);
    }
    return [one.name, ...lines];
  }

  function stepLines(index) {
    const one = steps[index];
    const work = `${number(one.instructions)} instructions${data.counted ? "" : ", predicted"}`;
    return [`${index} ${named(index)}`, `${one.kernel}, ${one.shape}`, work, `${number(one.live)} B live`];
  }

  function lines(target) {
    if (target.dataset.b !== undefined) return bufferLines(Number(target.dataset.b));
    if (target.dataset.t !== undefined) return target.dataset.t.split("|");
    return stepLines(Number(target.dataset.s));
  }

  function showTip(target, x, y) {
    const [first, ...rest] = lines(target);
    tip.replaceChildren(element("b", plain(first)), ...rest.map((line) => element("span", plain(shortened(line)))));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const right = document.documentElement.clientWidth, bottom = window.innerHeight;
    tip.style.left = `${Math.max(6, Math.min(x + 14, right - box.width - 6))}px`;
    tip.style.top = `${y + 18 + box.height > bottom ? Math.max(6, y - box.height - 12) : y + 18}px`;
  }

  const tipped = (event) => event.target.closest && event.target.closest("svg [data-b], svg [data-s], svg [data-t]");
  document.addEventListener("pointermove", (event) => {
    const target = tipped(event);
    if (target) showTip(target, event.clientX, event.clientY);
    else if (!document.activeElement.closest("svg")) tip.hidden = true;
  });
  document.addEventListener("focusin", (event) => {
    const target = tipped(event);
    if (!target) { tip.hidden = true; return; }
    const box = target.getBoundingClientRect();
    showTip(target, box.left + box.width / 2, Math.min(box.bottom, window.innerHeight - 20) - 10);
  });
  document.addEventListener("scroll", () => { tip.hidden = true; }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!tip.hidden) tip.hidden = true;
    else choose(null);
  });

  // --- One stop for the tab key in every drawing; arrows go on inside.
  for (const drawing of all("[data-rove]")) {
    const order = all("[data-b], [data-s], [data-t]", drawing).sort((a, b) => key(a) - key(b));
    if (!order.length) continue;
    for (const one of order) {
      one.setAttribute("tabindex", "-1");
      one.setAttribute("role", "button");
      const shown = one.textContent.trim(); // a name begins with what can be seen of it
      one.setAttribute("aria-label", plain(shortened([...(shown ? [shown] : []), ...lines(one)].join(", "))));
    }
    order[0].setAttribute("tabindex", "0");
    drawing.addEventListener("keydown", (event) => {
      const at = order.indexOf(event.target.closest("[tabindex]"));
      const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const to = event.key === "Home" ? 0 : event.key === "End" ? order.length - 1 : at + move;
      if (at < 0 || Number.isNaN(to)) return;
      event.preventDefault();
      rove(order, order[Math.max(0, Math.min(order.length - 1, to))]);
    });
    drawing.addEventListener("focusin", (event) => {
      const target = event.target.closest("[tabindex]");
      if (order.includes(target)) order.forEach((one) => one.setAttribute("tabindex", one === target ? "0" : "-1"));
    });
  }

  function key(target) {
    if (target.dataset.b !== undefined) return Number(target.dataset.b);
    return target.dataset.s !== undefined ? Number(target.dataset.s) : 0;
  }

  function rove(order, target) {
    order.forEach((one) => one.setAttribute("tabindex", one === target ? "0" : "-1"));
    target.focus();
  }

  // --- A chosen step is shown in every drawing, in the table and in the inspector.
  let chosen = null;

  function stepOf(target) {
    if (target.dataset.s !== undefined) return Number(target.dataset.s);
    const one = buffers[Number(target.dataset.b)];
    return one.steps.length ? one.steps[0] : one.first;
  }

  function choose(step, from) {
    chosen = step;
    all(".on").forEach((one) => one.classList.remove("on"));
    all(".pick").forEach((one) => { one.style.display = step === null ? "none" : "inline"; });
    byId("inspector").hidden = step === null;
    address(step === null ? location.pathname : `#step-${step}`);
    if (step === null) return;
    all(`[data-s="${step}"]`).forEach((one) => one.classList.add("on"));
    all("[data-b]").filter((one) => buffers[one.dataset.b].steps.includes(step)).forEach((one) => one.classList.add("on"));
    all("[data-e]").filter((one) => one.dataset.e.split(" ").includes(String(step))).forEach((one) => one.classList.add("on"));
    all(".pick").forEach((one) => one.setAttribute("x", `${(100 * step) / steps.length}%`));
    inspect(step);
    for (const target of all(`.n[data-s="${step}"], #table tr[data-s="${step}"], .i[data-s="${step}"]`)) {
      if (!from || from.closest(".scroll") !== target.closest(".scroll")) bringIn(target);
    }
  }

  // The chosen step is in the address, for links; a page in a sandboxed frame has none to change.
  function address(text) {
    try { history.replaceState(null, "", text); } catch { /* the step is chosen all the same */ }
  }

  // Scrolls the box around a target, never the page.
  function bringIn(target) {
    const box = target.closest(".scroll"), inner = target.getBoundingClientRect(), outer = box.getBoundingClientRect();
    if (target.closest("table")) {
      const head = 40;
      if (inner.top < outer.top + head || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - box.clientHeight / 2;
      return;
    }
    if (inner.left < outer.left + 60 || inner.right > outer.right) box.scrollLeft += inner.left - outer.left - box.clientWidth / 2;
    if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - box.clientHeight / 2;
  }

  function inspect(step) {
    const one = steps[step], facts = byId("facts"), name = element("bdi", plain(named(step).split(";").pop()));
    byId("chosen").replaceChildren(`Step ${step} `, name);
    facts.replaceChildren();
    const add = (label, value, wide) => {
      const box = element("div", undefined, wide ? "wide" : ""), text = element("dd");
      text.append(element("bdi", plain(value)));
      box.append(element("dt", label), text);
      facts.append(box);
    };
    add("Kernel", one.kernel);
    add("Output", one.shape);
    add("Multiply-accumulates", number(one.macs));
    add(data.counted ? "Instructions" : "Instructions, predicted", number(one.instructions));
    add("Weights", `${number(one.weights)} B`);
    add("SRAM live", `${number(one.live)} B`);
    if (one.reads.length) add("Reads from", one.reads.map((read) => `step ${read}`).join(", "));
    if (one.nodes.length > 1) add(`${one.nodes.length} nodes of the model`, one.nodes.join(", "), true);
    byId("previous").disabled = step === 0;
    byId("next").disabled = step === steps.length - 1;
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-s], [data-b]");
    if (target) choose(stepOf(target), target);
  });
  document.addEventListener("keydown", (event) => {
    const target = tipped(event);
    if (target && target.dataset.t === undefined && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      choose(stepOf(target), target);
    }
  });
  if (byId("inspector")) {
    byId("previous").addEventListener("click", () => choose(chosen - 1));
    byId("next").addEventListener("click", () => choose(chosen + 1));
    byId("close").addEventListener("click", () => choose(null));
  }
  const asked = /^#step-(\d+)$/.exec(location.hash);
  if (asked && Number(asked[1]) < steps.length) choose(Number(asked[1]));

  // --- The table: sorted by a heading, filtered by words.
  const table = byId("table");
  if (!table) return;
  const body = table.tBodies[0], rows = Array.from(body.rows);
  const words = rows.map((row) => {
    const one = steps[Number(row.dataset.s)];
    return [row.dataset.s, one.op, one.kernel, one.shape, one.shape.replaceAll("×", "x"), ...one.nodes].join(" ").toLowerCase();
  });

  function value(row, column) {
    const cell = row.cells[column];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return column === 0 ? Number(row.dataset.s) : cell.textContent;
  }

  function sort(heading) {
    const column = heading.cellIndex, falling = heading.getAttribute("aria-sort") === "ascending"
      || (heading.getAttribute("aria-sort") === null && column > 2);
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const sign = falling ? -1 : 1;
    const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
    const sorted = rows.slice().sort((a, b) =>
      sign * compare(value(a, column), value(b, column)) || a.dataset.s - b.dataset.s);
    body.replaceChildren(...sorted);
  }

  function filter(text) {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, index) => {
      row.hidden = !wanted.every((word) => words[index].includes(word));
      count += row.hidden ? 0 : 1;
    });
    byId("matches").textContent = count === rows.length ? `${count} steps` : `${count} of ${rows.length} steps`;
    byId("nothing").hidden = count > 0;
  }

  for (const heading of table.tHead.rows[0].cells) heading.firstElementChild.addEventListener("click", () => sort(heading));
  byId("filter").addEventListener("input", (event) => filter(event.target.value));
})();
