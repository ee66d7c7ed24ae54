// Block Kit: what can be pressed and what holds mrkdwn is drawn here, everything else by the renderer.
import { Component, memo, useContext, useId, useState } from "react";
import { Chart } from "./chart.jsx";
import { Element, Picture, Surface } from "./elements.jsx";
import { Mrkdwn } from "./mrkdwn.jsx";
import { plain, Still } from "./text.jsx";

function Text({ text }) {
  if (!text) return null;
  return text.type === "mrkdwn" ? <Mrkdwn text={text.text} /> : <div className="mrkdwn">{plain(text)}</div>;
}

function Section({ block }) {
  const { accessory } = block;
  return (
    <div className={`bk-section ${accessory?.type ?? ""}`}>
      <div>
        <Text text={block.text} />
        {block.fields && (
          <div className="bk-fields">
            {block.fields.map((field, n) => (
              <Text key={n} text={field} />
            ))}
          </div>
        )}
      </div>
      {accessory && (
        <div className="bk-accessory">
          <Element element={accessory} blockId={block.block_id} />
        </div>
      )}
    </div>
  );
}

function Header({ block }) {
  const Level = `h${Math.min((block.level ?? 1) + 2, 6)}`;
  return <Level className={`bk-header level-${block.level ?? 1}`}>{plain(block.text)}</Level>;
}

function Context({ block }) {
  return (
    <div className="bk-context">
      {block.elements.map((element, n) =>
        element.type === "image" ? <Picture key={n} element={element} className="bk-icon" /> : <Text key={n} text={element} />,
      )}
    </div>
  );
}

function Cell({ cell }) {
  if (cell.type === "rich_text") return <Still blocks={[cell]} />;
  if (cell.type === "mrkdwn") return <Mrkdwn text={cell.text} />;
  return plain(String(cell.text ?? cell.value ?? cell.number ?? ""));
}

function Table({ block }) {
  const [head, ...rows] = block.rows ?? [];
  const look = (n, cell) => ({
    textAlign: block.column_settings?.[n]?.align ?? (cell.type === "raw_number" ? "right" : "left"),
  });
  const line = (row, Tag) => row.map((cell, n) => <Tag key={n} style={look(n, cell)}><Cell cell={cell} /></Tag>);
  return (
    <div className="bk-table" tabIndex={0} role="region" aria-label={plain(block.caption) || "Table"}>
      <table>
        {block.caption && <caption>{plain(block.caption)}</caption>}
        <thead>
          <tr>{line(head ?? [], "th")}</tr>
        </thead>
        <tbody>
          {rows.map((row, n) => (
            <tr key={n}>{line(row, "td")}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Alert({ block }) {
  return (
    <div className={`bk-alert ${block.level ?? "default"}`} role="note">
      <Text text={block.text} />
    </div>
  );
}

function Actions({ block }) {
  return (
    <div className="bk-actions">
      {block.elements.map((element, n) => (
        <Element key={element.action_id ?? n} element={element} blockId={block.block_id} />
      ))}
    </div>
  );
}

function Input({ block, error }) {
  const id = useId();
  const surface = useContext(Surface);
  const label = plain(block.label);
  return (
    <div className={`bk-input ${error ? "wrong" : ""}`} role="group" aria-labelledby={id} aria-invalid={error ? true : undefined}>
      <div className="bk-label" id={id}>
        {label}
        {block.optional && <span className="optional"> (optional)</span>}
      </div>
      <Surface.Provider value={{ ...surface, isInput: true }}>
        <Element element={block.element} blockId={block.block_id} label={label} dispatches={!!block.dispatch_action} />
      </Surface.Provider>
      {error && (
        <div className="bk-error" role="alert">
          {error}
        </div>
      )}
      {block.hint && <div className="bk-hint">{plain(block.hint)}</div>}
    </div>
  );
}

function Figure({ block }) {
  return (
    <figure className="bk-figure">
      {block.title && <figcaption>{plain(block.title)}</figcaption>}
      <Picture element={block} />
    </figure>
  );
}

function Container({ block, errors }) {
  const [isOpen, setOpen] = useState(!block.default_collapsed);
  const isFolding = block.is_collapsible ?? false;
  const title = block.title && plain(block.title);
  return (
    <section className="bk-container" aria-label={title}>
      {title &&
        (isFolding ? (
          <button type="button" className="bk-fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> {title}
          </button>
        ) : (
          <h4>{title}</h4>
        ))}
      {(isOpen || !isFolding) && <Blocks blocks={block.child_blocks} errors={errors} />}
    </section>
  );
}

function Card({ block }) {
  return (
    <div className="bk-card">
      {block.hero_image && <Picture element={block.hero_image} />}
      <div className="bk-card-title">
        {block.icon && <Picture element={block.icon} className="bk-icon" />}
        <Text text={block.title} />
      </div>
      <div className="bk-card-subtitle">
        <Text text={block.subtitle} />
      </div>
      <Text text={block.body} />
      {block.actions?.length > 0 && <Actions block={{ ...block, elements: block.actions }} />}
    </div>
  );
}

function Carousel({ block }) {
  return (
    <div className="bk-carousel">
      {block.elements.map((card, n) => (
        <Card key={card.block_id ?? n} block={card} />
      ))}
    </div>
  );
}

const Video = ({ block }) => <Mrkdwn text={`:film_frames: <${block.title_url ?? block.video_url}|${block.title?.text ?? ""}>`} />;
const Divider = () => <hr className="bk-divider" />;

const OWN = {
  actions: Actions,
  alert: Alert,
  card: Card,
  carousel: Carousel,
  container: Container,
  context: Context,
  context_actions: Actions,
  data_table: Table,
  data_visualization: Chart,
  divider: Divider,
  header: Header,
  image: Figure,
  input: Input,
  section: Section,
  table: Table,
  video: Video,
};

/** A block that cannot be drawn must not take the page with it. */
class Guard extends Component {
  state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  render() {
    if (!this.state.isBroken) return this.props.children;
    return <div className="bk-broken">A {this.props.kind} block that this page cannot draw.</div>;
  }
}

export const Blocks = memo(function Blocks({ blocks, errors }) {
  return (
    <div className="bk">
      {blocks.map((block, n) => {
        const Own = OWN[block.type];
        return (
          <Guard key={block.block_id ?? n} kind={block.type}>
            {Own ? <Own block={block} errors={errors} error={errors?.[block.block_id]} /> : <Still blocks={[block]} />}
          </Guard>
        );
      })}
    </div>
  );
});
