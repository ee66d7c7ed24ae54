// Block Kit: what can be pressed is drawn here, everything else by the renderer.
import { Component, memo, useContext, useId, useState } from "react";
import { Element, Picture, Surface } from "./elements.jsx";
import { Mrkdwn, plain, Still } from "./text.jsx";

const OWN = new Set(["actions", "input", "context_actions", "image", "container", "card", "carousel", "video"]);
const isOwn = (block) => OWN.has(block.type) || (block.type === "section" && block.accessory);

function Section({ block }) {
  const { accessory, ...rest } = block;
  return (
    <div className={`bk-section ${accessory.type}`}>
      <Still blocks={[rest]} />
      <div className="bk-accessory">
        <Element element={accessory} blockId={block.block_id} />
      </div>
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
  const [isOpen, setOpen] = useState(!block.is_collapsed && !block.initially_collapsed);
  const children = block.child_blocks ?? block.blocks ?? block.elements ?? [];
  const isFolding = block.is_collapsible ?? block.collapsible ?? false;
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
      {(isOpen || !isFolding) && <Blocks blocks={children} errors={errors} />}
    </section>
  );
}

function Card({ block }) {
  const { actions, ...rest } = block;
  return (
    <div className="bk-card">
      <Still blocks={[rest]} />
      {actions?.length > 0 && <Actions block={{ ...block, elements: actions }} />}
    </div>
  );
}

function OwnBlock({ block, errors }) {
  if (block.type === "section") return <Section block={block} />;
  if (block.type === "input") return <Input block={block} error={errors?.[block.block_id]} />;
  if (block.type === "image") return <Figure block={block} />;
  if (block.type === "container") return <Container block={block} errors={errors} />;
  if (block.type === "card") return <Card block={block} />;
  if (block.type === "carousel") return <div className="bk-carousel">{block.elements.map((card, n) => <Card key={n} block={card} />)}</div>;
  if (block.type === "video") return <Mrkdwn text={`:film_frames: <${block.title_url ?? block.video_url}|${plain(block.title)}>`} />;
  return <Actions block={block} />;
}

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

const sameTypes = (a, b) => isOwn(a) === isOwn(b);

/** Neighbouring still blocks together, so that they keep their usual distances. */
function runs(blocks) {
  const grouped = [];
  for (const block of blocks) {
    const last = grouped.at(-1);
    if (last && !isOwn(block) && sameTypes(last[0], block)) last.push(block);
    else grouped.push([block]);
  }
  return grouped;
}

export const Blocks = memo(function Blocks({ blocks, errors }) {
  return (
    <div className="bk">
      {runs(blocks).map((run) => (
        <Guard key={run[0].block_id} kind={run[0].type}>
          {isOwn(run[0]) ? <OwnBlock block={run[0]} errors={errors} /> : <Still blocks={run} />}
        </Guard>
      ))}
    </div>
  );
});
