/// The page's looks: one column, one text size and a smaller one for tables, and colour for results
/// only. Light, dark, and paper differ in their colours alone.
let pageStyle = """
    :root {
      --paper: #ffffff; --wash: #f5f6f8; --line: #dfe2e7;
      --ink: #1b1e24; --soft: #596170;
      --good: #17784a; --bad: #c0232c; --first: #2a5fc4; --second: #b0640a; --third: #7d3fb5; --fourth: #0e7c86;
      --equal: #b3bac6; --band: rgb(23 120 74 / 10%);
      --text: system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif;
      --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Noto Sans Mono", "Liberation Mono", monospace;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #15171b; --wash: #1e2126; --line: #333842;
        --ink: #e7e9ee; --soft: #a1a9b7;
        --good: #55c48c; --bad: #ff7b7b; --first: #82abff; --second: #efae57; --third: #c79bf2; --fourth: #5fc8d2;
        --equal: #59616f; --band: rgb(85 196 140 / 14%);
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 15px/1.5 var(--text); -webkit-text-size-adjust: 100%; }
    main { max-width: 1048px; margin: 0 auto; padding: 48px 24px 72px; }
    h1 { margin: 0; font-size: 32px; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; }
    h2 { margin: 0 0 4px; font-size: 19px; line-height: 1.3; font-weight: 600; }
    h3 { margin: 28px 0 4px; font-size: 15px; font-weight: 600; }
    p { margin: 0; }
    section { margin-top: 48px; }
    .program, .lead, .unit, .rest, .against, dt, figcaption, summary { color: var(--soft); }
    .program { margin-bottom: 8px; font-size: 13px; }
    .sides { margin-top: 12px; overflow-wrap: anywhere; }
    .lead { max-width: 72ch; margin-bottom: 12px; font-size: 13px; }
    .rest { margin-top: 8px; font-size: 13px; }
    h1::before { content: ""; display: inline-block; width: 0.5em; height: 0.5em;
      margin-right: 0.4em; border-radius: 50%; background: currentColor; vertical-align: 0.12em; }
    .good { color: var(--good); }
    .bad { color: var(--bad); }
    .name, .digest, code { font-family: var(--mono); font-size: 0.92em; }
    ul { margin: 8px 0 0; padding-left: 20px; }

    .tiles { display: flex; flex-wrap: wrap; margin: 32px 0 0; padding: 20px 0;
      gap: 20px 56px; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
    .tiles div { display: flex; flex-direction: column-reverse; }
    .tiles dt { font-size: 13px; }
    .tiles dd { margin: 0; font-size: 22px; line-height: 1.3; font-weight: 600;
      font-variant-numeric: tabular-nums; }
    .tiles .bad dt { color: inherit; }

    .wide { overflow-x: auto; }
    table { width: 100%; margin-top: 8px; border-collapse: collapse; font-size: 13px; line-height: 1.45; }
    th, td { padding: 6px 14px 6px 0; text-align: left; vertical-align: top; white-space: nowrap;
      border-bottom: 1px solid var(--line); }
    th:last-child, td:last-child { padding-right: 0; }
    th { color: var(--soft); font-weight: 500; }
    td.text { min-width: 240px; white-space: normal; overflow-wrap: anywhere; }
    td.name { min-width: 20ch; max-width: 300px; white-space: normal; overflow-wrap: anywhere; }
    td.shape { color: var(--soft); font-variant-numeric: tabular-nums; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    td.digest { white-space: normal; overflow-wrap: anywhere; color: var(--soft); }
    td.status::before { content: ""; display: inline-block; width: 7px; height: 7px;
      margin-right: 7px; border-radius: 50%; background: currentColor; vertical-align: 1px; }
    td.status.bad { font-weight: 600; }
    .cause { max-width: 72ch; margin-top: 8px; padding: 12px 16px;
      border-left: 3px solid var(--bad); background: var(--wash); }
    .operation, .faint { color: var(--soft); }
    td.operation { min-width: 140px; max-width: 230px; white-space: normal; overflow-wrap: anywhere; }
    .operation .unit { font-size: 12px; }

    figure { margin: 0; }
    .chart { margin: 12px 0 24px; }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-bottom: 8px; font-size: 13px; }
    .key::before { content: ""; display: inline-block; width: 10px; height: 10px;
      margin-right: 7px; border-radius: 50%; background: currentColor; }
    .key.first { color: var(--first); }
    .key.second { color: var(--second); }
    .key.third { color: var(--third); }
    .key.fourth { color: var(--fourth); }
    .key.band { color: var(--soft); }
    .key.band::before { border-radius: 2px; background: var(--good); opacity: 0.3; }
    svg { display: block; }
    svg text { font: 11px var(--text); fill: var(--soft); font-variant-numeric: tabular-nums; }
    svg text.bad { fill: var(--bad); font-weight: 600; }
    .grid { stroke: var(--line); }
    .axis { stroke: var(--soft); }
    .limit { stroke: var(--good); stroke-dasharray: 4 3; stroke-width: 1.5; }
    rect.band { fill: var(--band); }
    path.line { fill: none; stroke-width: 1.5; stroke-linejoin: round; opacity: 0.7; }
    path.first { stroke: var(--first); }
    path.second { stroke: var(--second); }
    path.third { stroke: var(--third); }
    path.fourth { stroke: var(--fourth); }
    rect.first, circle.first { fill: var(--first); }
    rect.second, circle.second { fill: var(--second); }
    rect.third, circle.third { fill: var(--third); }
    rect.fourth, circle.fourth { fill: var(--fourth); }
    rect.equal { fill: var(--equal); }
    rect.bad, circle.bad { fill: var(--bad); }
    .histograms { display: flex; flex-wrap: wrap; gap: 24px 40px; }
    .histogram { max-width: 100%; }
    .histogram figcaption { margin-bottom: 6px; font-size: 13px; }
    .histogram .name { color: var(--ink); }
    .inputs { display: grid; grid-template-columns: repeat(auto-fill, minmax(136px, 1fr));
      gap: 24px; margin-top: 12px; }
    .inputs img, .blank { display: block; width: 112px; height: auto; margin-bottom: 8px;
      background: var(--wash); image-rendering: pixelated; }
    .blank { height: 112px; }
    .inputs figcaption { font-size: 13px; line-height: 1.4; overflow-wrap: anywhere; }
    .inputs b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }

    h1.plain::before { content: none; }
    .intro { max-width: 72ch; margin-top: 12px; color: var(--soft); }
    .tag { padding: 0 5px; border: 1px solid currentColor; border-radius: 3px; font-size: 11px;
      font-weight: 400; white-space: nowrap; }
    .tag.measured { color: var(--second); }
    .tag.quoted { color: var(--third); }
    .contents { columns: 2 380px; margin: 28px 0 0; padding: 20px 0 20px 26px;
      border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
    .contents li { padding: 2px 0; break-inside: avoid; }
    .contents a { color: inherit; text-decoration-color: var(--equal); text-underline-offset: 3px; }
    .verdict { margin-left: 6px; font-size: 13px; font-weight: 500; white-space: nowrap; }
    .verdict::before { content: ""; display: inline-block; width: 7px; height: 7px;
      margin-right: 6px; border-radius: 50%; background: currentColor; vertical-align: 1px; }
    .verdict.part { color: var(--second); }
    .claim { max-width: 76ch; }
    cite { color: var(--soft); font-style: normal; font-size: 13px; }
    .argument table { width: auto; min-width: 60%; }
    .argument th { vertical-align: bottom; }
    .argument th, .argument td { padding-right: 26px; }
    td.row { font-weight: 500; }
    .formulas { max-width: 84ch; color: var(--soft); font-size: 13px; }
    .conclusion { max-width: 76ch; margin-top: 12px; padding: 10px 16px;
      border-left: 3px solid var(--equal); background: var(--wash); }
    .key.mark { color: var(--ink); }
    .key.mark::before { width: 2px; height: 12px; border-radius: 0; vertical-align: -1px; }
    .mark { stroke: var(--ink); stroke-width: 2; }

    details { margin-top: 12px; }
    summary { font-size: 13px; cursor: pointer; }
    .names { columns: 300px; padding: 0; list-style: none; font-size: 13px; }
    .names li { break-inside: avoid; padding: 1px 0; overflow-wrap: anywhere; }
    pre { margin: 12px 0 0; padding: 12px 16px; overflow-x: auto; background: var(--wash); }
    pre code { font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere; }
    .facts { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 20px 0 12px; font-size: 13px; }
    .facts dd { margin: 0; }

    @page { margin: 16mm; }
    @media print {
      :root {
        --paper: #fff; --wash: #f5f6f8; --line: #d0d4da; --ink: #000; --soft: #4c5360;
        --good: #11633c; --bad: #a81a22; --first: #2a5fc4; --second: #9a5506; --third: #6c35a0; --fourth: #0b6a73;
        --equal: #b3bac6; --band: rgb(23 120 74 / 12%);
      }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      body { font-size: 10pt; }
      main { max-width: none; padding: 0; }
      h1 { font-size: 20pt; }
      h2, h3, .lead, summary { break-after: avoid; }
      section { margin-top: 24pt; }
      .wide { overflow: visible; }
      svg { max-width: 100%; height: auto; }
      table { font-size: 7.5pt; }
      th, td { padding-right: 6pt; white-space: normal; }
      td.status, .number { white-space: nowrap; }
      thead { display: table-header-group; }
      tr, figure, .cause, .tiles, .conclusion { break-inside: avoid; }
      details::details-content { content-visibility: visible; display: block; }
    }

    """
