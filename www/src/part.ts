/** The base of the page's parts: a Lit element that renders again when a topic of the session changes. */
import { LitElement } from "lit";
import { session, type Topic } from "./session.js";

export abstract class Part extends LitElement {
  /** What this part shows. */
  protected static topics: Topic[] = [];
  #unwatch: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    const { topics } = this.constructor as typeof Part;
    this.#unwatch = topics.map((topic) => session.watch(topic, () => this.requestUpdate()));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const unwatch of this.#unwatch) unwatch();
  }
}
