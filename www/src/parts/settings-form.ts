/** The fields of a dataset's description. It shows what it is given, and tells of each change; it changes nothing itself. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { idFromJson, idToJson, type LayerInfo } from "neurolume";
import { isObject, type Change } from "../changes.js";
import { integer } from "../format.js";
import { icon } from "../icons.js";
import { markdown } from "../markdown.js";
import { session } from "../session.js";
import { base } from "../styles.js";
import { settingsStyles } from "./settings-styles.js";

type Json = Record<string, unknown>;

const UNITS: [unit: string, label: string][] = [["nanometer", "nm"], ["micrometer", "µm"], ["millimeter", "mm"], ["angstrom", "Å"], ["picometer", "pm"], ["centimeter", "cm"], ["meter", "m"], ["inch", "in"], ["foot", "ft"]];
const IDENTITY = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]];
const DIGITS = /^\d{1,20}$/;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

class SettingsForm extends LitElement {
  static override properties = { json: { attribute: false }, preview: { state: true } };
  declare json: Json;
  declare preview: boolean;

  static override styles = [base, settingsStyles, css`:host { display: block; }`];

  constructor() {
    super();
    this.preview = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // What is written is read first.
    const own = this.json["neurolume"];
    this.preview = isObject(own) && text(own["description"]) !== "";
  }

  override render(): TemplateResult {
    const { json } = this;
    const own = isObject(json["neurolume"]) ? json["neurolume"] : {};
    const id = isObject(json["id"]) ? json["id"] : {};
    const description = text(own["description"]);
    return html`
      <section>
        ${this.#text("Name", "name", text(id["name"]), ["id", "name"], { placeholder: own["displayName"] ? "" : session.name })}
        ${this.#text("Shown as", "display-name", text(own["displayName"]), ["neurolume", "displayName"], { placeholder: text(id["name"]) || session.name })}
        <div class="field top">
          <label for="description">Description</label>
          <div>
            ${this.preview
              ? html`<div class="markdown" data-testid="settings-description-preview">${description ? markdown(description) : html`<p class="faint">Nothing is said yet.</p>`}</div>`
              : html`<textarea id="description" data-testid="settings-description" rows="4" placeholder="What it is, where it comes from, how to cite it. Markdown." .value=${description} @change=${(e: Event) => this.#edit(["neurolume", "description"], (e.target as HTMLTextAreaElement).value || undefined)}></textarea>`}
            <button class="link" data-testid="settings-preview" aria-pressed=${this.preview} @click=${() => (this.preview = !this.preview)}>${this.preview ? "Edit" : "Preview"}</button>
          </div>
        </div>
        ${this.#scale()}
      </section>
      ${this.#layers().map((layer) => this.#layer(layer))}
    `;
  }

  #layers(): Json[] {
    return Array.isArray(this.json["dataLayers"]) ? this.json["dataLayers"].filter(isObject).toReversed() : [];
  }

  #scale(): TemplateResult {
    const { scale } = this.json;
    const [factor, unit] = Array.isArray(scale) ? [scale, "nanometer"] : isObject(scale) ? [scale["factor"] as unknown[], text(scale["unit"]) || "nanometer"] : [[1, 1, 1], "nanometer"];
    const set = (change: { factor?: unknown[]; unit?: string }): void => this.#edit(["scale"], { factor, unit, ...change });
    const known = UNITS.some(([name]) => name === unit);
    return html`
      <div class="field" role="group" aria-label="Voxel size">
        <span>Voxel size</span>
        <div class="numbers">
          ${["x", "y", "z"].map((axis, i) => html`<input type="number" step="any" min="0" data-testid="settings-scale-${axis}" aria-label="Voxel size along ${axis}" .value=${String(factor[i])} @change=${(e: Event) => set({ factor: factor.toSpliced(i, 1, (e.target as HTMLInputElement).valueAsNumber) })} />`)}
          <select data-testid="settings-unit" aria-label="Unit of the voxel size" @change=${(e: Event) => set({ unit: (e.target as HTMLSelectElement).value })}>
            ${known ? nothing : html`<option selected>${unit}</option>`}${UNITS.map(([name, label]) => html`<option value=${name} ?selected=${name === unit}>${label}</option>`)}
          </select>
        </div>
      </div>
    `;
  }

  #layer(layer: Json): TemplateResult {
    const name = text(layer["name"]);
    const info = session.infos.get(name);
    const category = layer["category"] === "segmentation" ? "segmentation" : "color";
    return html`
      <section data-testid="settings-layer-${name}">
        <h2>${icon(category === "color" ? "image" : "shapes")}<span class="truncate">${name}</span><small class="truncate">${[layer["elementClass"], info?.format].filter(Boolean).join(" · ")}</small></h2>
        ${this.#text("Name", `layer-name-${name}`, name, ["dataLayers", name, "name"], { required: true })}
        <label class="field"><span>Holds</span>
          <select data-testid="settings-category-${name}" @change=${(e: Event) => this.#edit(["dataLayers", name, "category"], (e.target as HTMLSelectElement).value)}>
            <option value="color" ?selected=${category === "color"}>Image</option><option value="segmentation" ?selected=${category === "segmentation"}>Segmentation</option>
          </select></label>
        ${category === "segmentation" ? this.#largestId(layer, name) : nothing}
        <div class="field"><span>Box</span><span class="said">${boxOf(layer)}</span></div>
        <div class="field"><span>Levels</span><span class="said" title=${levels(info)}>${magsOf(layer)}</span></div>
        ${this.#transform(layer, name)}
      </section>
    `;
  }

  #largestId(layer: Json, name: string): TemplateResult {
    const id = idFromJson(layer["largestSegmentId"]);
    const set = (e: Event): void => {
      const input = e.target as HTMLInputElement;
      const typed = input.value.trim();
      const isId = typed === "" || (DIGITS.test(typed) && BigInt(typed) < 2n ** 64n);
      input.setAttribute("aria-invalid", String(!isId));
      if (isId) this.#edit(["dataLayers", name, "largestSegmentId"], typed === "" ? undefined : idToJson(BigInt(typed)));
    };
    return html`<label class="field"><span>Largest id</span><input type="text" inputmode="numeric" data-testid="settings-largest-${name}" placeholder="not known" .value=${id === undefined ? "" : String(id)} @change=${set} /></label>`;
  }

  #transform(layer: Json, name: string): TemplateResult {
    const list = Array.isArray(layer["coordinateTransformations"]) ? layer["coordinateTransformations"].filter(isObject) : [];
    const path = ["dataLayers", name, "coordinateTransformations"];
    const [only] = list;
    const matrix = list.length === 1 && only?.["type"] === "affine" ? (only["matrix"] as number[][]) : undefined;
    if (list.length === 0) return html`<div class="field"><span>Transform</span><span class="said">none <button class="link" data-testid="settings-transform-add-${name}" @click=${() => this.#edit(path, [{ type: "affine", matrix: IDENTITY }])}>Set one</button></span></div>`;
    if (!matrix) return html`<div class="field"><span>Transform</span><span class="said">${list.map((one) => text(one["type"]).replaceAll("_", " ")).join(", ")}, kept as it is</span></div>`;
    const set = (row: number, column: number, value: number): void => this.#edit(path, [{ ...only, matrix: matrix.map((old, i) => (i === row ? old.toSpliced(column, 1, value) : old)) }]);
    return html`
      <div class="field top" role="group" aria-label="Transform, in voxels of the dataset">
        <span>Transform</span>
        <div>
          <div class="matrix">
            ${[0, 1, 2].map((row) => [0, 1, 2, 3].map((column) => html`<input type="number" step="any" aria-label="Row ${row + 1}, column ${column + 1}" data-testid="settings-transform-${name}-${row}${column}" .value=${String(matrix[row]?.[column])} @change=${(e: Event) => set(row, column, (e.target as HTMLInputElement).valueAsNumber)} />`))}
          </div>
          <span class="said">in voxels of the dataset; the last column moves <button class="link" @click=${() => this.#edit(path, undefined)}>Remove</button></span>
        </div>
      </div>
    `;
  }

  #text(label: string, testid: string, value: string, path: string[], { placeholder = "", required = false }: { placeholder?: string; required?: boolean } = {}): TemplateResult {
    const set = (e: Event): void => {
      const typed = (e.target as HTMLInputElement).value.trim();
      if (typed === "" && required) (e.target as HTMLInputElement).value = value;
      else this.#edit(path, typed === "" ? undefined : typed);
    };
    return html`<label class="field"><span>${label}</span><input type="text" data-testid="settings-${testid}" spellcheck="false" placeholder=${placeholder} .value=${value} @change=${set} /></label>`;
  }

  #edit(path: string[], is: unknown): void {
    this.dispatchEvent(new CustomEvent<Change>("nl-edit", { detail: { path, was: undefined, is } }));
  }
}

function boxOf(layer: Json): string {
  const { topLeft, width, height, depth } = isObject(layer["boundingBox"]) ? layer["boundingBox"] : {};
  return Array.isArray(topLeft) ? `${[width, height, depth].map((n) => integer(Number(n))).join(" × ")} voxels from ${topLeft.join(", ")}` : "not known yet";
}

function magsOf(layer: Json): string {
  const list = [layer["mags"], layer["wkwResolutions"]].flatMap((mags) => (Array.isArray(mags) ? mags.filter(isObject) : []));
  return list.map(({ mag, resolution }) => [mag ?? resolution].flat().join("-").replace(/^(\d+)-\1-\1$/, "$1")).join(", ") || "not known yet";
}

/** One line per level. */
const levels = (info: LayerInfo | undefined): string => (info?.levels ?? []).map(({ voxelSizeNm, encoding, url }) => `${voxelSizeNm.join(" × ")} nm, ${encoding}${url ? `, ${url}` : ""}`).join("\n");

customElements.define("nl-settings-form", SettingsForm);
