"use strict";
(() => {
  const data = JSON.parse(document.getElementById("sample-data").textContent);
  const list = document.getElementById("samples");
  if (!list) return;
  const form = document.getElementById("sample-filter"), place = document.getElementById("sample-place");
  const previous = document.getElementById("sample-previous"), next = document.getElementById("sample-next");
  const perPage = 12;
  let page = 0;

  const option = (select, text) => select.append(new Option(text, text));
  for (const run of new Set(data.groups.map(group => group.run))) for (const select of [form.run, form.beside]) option(select, run);
  for (const scenario of new Set(data.groups.map(group => group.scenario))) option(form.scenario, scenario);

  // All text goes in as text nodes: samples are written by models.
  const element = (name, cssClass, text) => {
    const node = document.createElement(name);
    if (cssClass) node.className = cssClass;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const marked = (text, findings) => {
    const cell = element("div", "text");
    let at = 0;
    for (let i = 0; i < findings.length; i += 3) {
      const begin = Math.max(findings[i], at), end = findings[i + 1];
      if (end <= begin) continue;
      cell.append(text.slice(at, begin));
      const mark = element("mark", "", text.slice(begin, end));
      mark.append(element("span", "kind", findings[i + 2].replaceAll("_", " ").replaceAll("+", " + ")));
      cell.append(mark);
      at = end;
    }
    cell.append(text.slice(at));
    return cell;
  };
  const score = value => value === null ? "–" : value === 0 ? "0" : value < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(3)));

  // One column for each chosen run; texts that may offend wait for their button.
  const itemOf = (group, sample) => {
    const item = element("li");
    item.style.setProperty("--series", `var(--s${group.series})`);
    const head = element("div", "head");
    head.append(element("strong", "", group.run), element("span", "", group.scenario), element("span", "", `sample ${sample[0]}`),
      element("span", sample[1] > group.threshold ? "score bad" : "score", `score ${score(sample[1])}`));
    item.append(head);
    const text = marked(sample[2], sample[3]);
    if (!group.hidden || form.reveal?.checked) {
      item.append(text);
      return item;
    }
    const button = element("button", "reveal", "Show text");
    button.type = "button";
    button.addEventListener("click", () => {
      text.tabIndex = -1;
      button.replaceWith(text);
      text.focus();
    });
    item.append(button);
    return item;
  };
  const rowsOf = run => {
    const rows = [];
    let total = 0;
    for (const group of data.groups) {
      if (run && group.run !== run) continue;
      if (form.scenario.value && group.scenario !== form.scenario.value) continue;
      total += group.total;
      for (const sample of group.samples)
        if (!form.found.checked || sample[1] > group.threshold) rows.push([group, sample]);
    }
    return { rows, total };
  };

  const show = () => {
    const columns = [rowsOf(form.run.value)];
    if (form.beside.value) columns.push(rowsOf(form.beside.value));
    const most = Math.max(...columns.map(column => column.rows.length));
    const pages = Math.max(1, Math.ceil(most / perPage));
    page = Math.min(Math.max(page, 0), pages - 1);
    list.replaceChildren(...columns.map(({ rows }) => {
      const column = element("ol");
      column.append(...rows.slice(page * perPage, (page + 1) * perPage).map(([group, sample]) => itemOf(group, sample)));
      return column;
    }));
    const counts = columns.map(({ rows, total }) => `${rows.length} samples shown of ${total} scored`).join("; beside: ");
    place.textContent = most === 0 ? "no sample fits" : `page ${page + 1} of ${pages}: ${counts}`;
    previous.disabled = page === 0;
    next.disabled = page >= pages - 1;
  };
  form.addEventListener("change", () => { page = 0; show(); });
  form.addEventListener("submit", event => event.preventDefault());
  previous.addEventListener("click", () => { page--; show(); });
  next.addEventListener("click", () => { page++; show(); });
  show();
})();
