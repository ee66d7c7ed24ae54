// Native charts with axes. The renderer prints every label over its neighbour; pies it draws well.
import { useId, useState } from "react";
import { plain, Still } from "./text.jsx";

const WIDTH = 600;
const HEIGHT = 230;
const LETTER = 6.1;
const EDGE = { top: 12, right: 14, bottom: 40, left: 52 };
const STEPS = [1, 2, 2.5, 5, 10];
const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4, notation: "compact" });

/** Round numbers around the values, from zero where nothing lies below it. */
function ticks(values) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const rough = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * STEPS.find((each) => each * power >= rough * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, n) => (first + n) * step);
}

function scales(chart) {
  const categories = (chart.axis_config?.categories ?? chart.series[0].data.map((point) => point.label)).map(String);
  const series = chart.series.map((each) => {
    const byLabel = new Map(each.data.map((point) => [String(point.label), point.value]));
    return { name: plain(each.name), values: categories.map((label) => byLabel.get(label)) };
  });
  const marks = ticks(series.flatMap((each) => each.values).filter(Number.isFinite));
  const [low, high] = [marks[0], marks.at(-1)];
  const width = (WIDTH - EDGE.left - EDGE.right) / categories.length;
  const x = (n) => EDGE.left + (n + 0.5) * width;
  const y = (value) => EDGE.top + ((high - value) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const longest = Math.max(...categories.map((label) => label.length));
  return { categories, series, marks, x, y, width, every: Math.ceil((longest * LETTER + 10) / width) };
}

/** The stretches of a series in which every category has a value. */
function stretches(values) {
  const found = [[]];
  values.forEach((value, n) => (Number.isFinite(value) ? found.at(-1).push(n) : found.push([])));
  return found.filter((stretch) => stretch.length > 0);
}

function Line({ values, kind, x, y, className }) {
  return stretches(values).map((stretch) => {
    const path = stretch.map((n, at) => `${at ? "L" : "M"}${x(n)} ${y(values[n])}`).join("");
    const ground = `${path}L${x(stretch.at(-1))} ${y(0)}L${x(stretch[0])} ${y(0)}Z`;
    return (
      <g key={stretch[0]} className={className}>
        {kind === "area" && <path className="area" d={ground} />}
        <path className="line" d={path} />
        {stretch.length === 1 && <circle className="dot" cx={x(stretch[0])} cy={y(values[stretch[0]])} r="3" />}
      </g>
    );
  });
}

function Bars({ values, x, y, width, nth, of, className }) {
  const room = (width * 0.72) / of;
  return values.map((value, n) => {
    if (!Number.isFinite(value)) return null;
    const [top, end] = [Math.min(y(value), y(0)), Math.max(y(value), y(0))];
    const left = x(n) - (room * of) / 2 + nth * room;
    return <rect key={n} className={`${className} bar`} x={left} y={top} width={Math.max(room - 1, 1)} height={end - top} />;
  });
}

function Axes({ scale, axis }) {
  const { categories, marks, x, y, every } = scale;
  const last = categories.length - 1;
  return (
    <g className="axes">
      {marks.map((mark) => (
        <g key={mark}>
          <line x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y(mark)} y2={y(mark)} />
          <text x={EDGE.left - 7} y={y(mark) + 4} textAnchor="end">
            {number.format(mark)}
          </text>
        </g>
      ))}
      {categories.map((label, n) =>
        (last - n) % every === 0 ? (
          <text key={n} x={Math.min(x(n), WIDTH - (label.length * LETTER) / 2)} y={HEIGHT - EDGE.bottom + 17} textAnchor="middle">
            {label}
          </text>
        ) : null,
      )}
      <text x={(WIDTH + EDGE.left) / 2} y={HEIGHT - 4} textAnchor="middle">
        {plain(axis?.x_label)}
      </text>
      <text transform={`translate(11 ${(HEIGHT - EDGE.bottom) / 2}) rotate(-90)`} textAnchor="middle">
        {plain(axis?.y_label)}
      </text>
    </g>
  );
}

function Numbers({ scale, title }) {
  return (
    <details className="chart-numbers">
      <summary>Show the numbers</summary>
      <div className="bk-table" tabIndex={0} role="region" aria-label={`${title}, numbers`}>
        <table>
          <thead>
            <tr>
              <th />
              {scale.series.map((each) => (
                <th key={each.name}>{each.name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {scale.categories.map((label, n) => (
              <tr key={n}>
                <th scope="row">{label}</th>
                {scale.series.map((each) => (
                  <td key={each.name}>{each.values[n] ?? "–"}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Cartesian({ block }) {
  const [at, setAt] = useState(null);
  const id = useId();
  const { chart } = block;
  const scale = scales(chart);
  const { categories, series, x, y, width } = scale;
  const title = plain(block.title);
  const shown = at === null ? categories.length - 1 : at;
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption id={id}>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${chart.type} chart`} onMouseLeave={() => setAt(null)}>
        <Axes scale={scale} axis={chart.axis_config} />
        {at !== null && <line className="guide" x1={x(at)} x2={x(at)} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} />}
        {series.map((each, n) => {
          const Shape = chart.type === "bar" ? Bars : Line;
          const props = { values: each.values, kind: chart.type, x, y, width, nth: n, of: series.length };
          return <Shape key={each.name} {...props} className={`c${n % 6}`} />;
        })}
        {categories.map((label, n) => (
          <rect key={n} className="catch" x={x(n) - width / 2} y={0} width={width} height={HEIGHT} onMouseEnter={() => setAt(n)} />
        ))}
      </svg>
      <ul className="legend">
        <li className="when">{categories[shown]}</li>
        {series.map((each, n) => (
          <li key={each.name} className={`c${n % 6}`}>
            {each.name} <b>{Number.isFinite(each.values[shown]) ? number.format(each.values[shown]) : "–"}</b>
          </li>
        ))}
      </ul>
      <Numbers scale={scale} title={title} />
    </figure>
  );
}

export function Chart({ block }) {
  return block.chart.series ? <Cartesian block={block} /> : <Still blocks={[block]} />;
}
