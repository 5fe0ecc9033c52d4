/** The icons in use, from lucide. */
import { html, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import archive from "lucide-static/icons/archive.svg?raw";
import box from "lucide-static/icons/box.svg?raw";
import camera from "lucide-static/icons/camera.svg?raw";
import check from "lucide-static/icons/check.svg?raw";
import chevronDown from "lucide-static/icons/chevron-down.svg?raw";
import chevronRight from "lucide-static/icons/chevron-right.svg?raw";
import copy from "lucide-static/icons/copy.svg?raw";
import downloadIcon from "lucide-static/icons/download.svg?raw";
import ellipsis from "lucide-static/icons/ellipsis-vertical.svg?raw";
import eyeOff from "lucide-static/icons/eye-off.svg?raw";
import eye from "lucide-static/icons/eye.svg?raw";
import folderOpen from "lucide-static/icons/folder-open.svg?raw";
import globe from "lucide-static/icons/globe.svg?raw";
import grip from "lucide-static/icons/grip-vertical.svg?raw";
import help from "lucide-static/icons/circle-question-mark.svg?raw";
import image from "lucide-static/icons/image.svg?raw";
import columns from "lucide-static/icons/columns-2.svg?raw";
import grid from "lucide-static/icons/layout-grid.svg?raw";
import link from "lucide-static/icons/link.svg?raw";
import moon from "lucide-static/icons/moon.svg?raw";
import layers from "lucide-static/icons/layers.svg?raw";
import plus from "lucide-static/icons/plus.svg?raw";
import refresh from "lucide-static/icons/refresh-cw.svg?raw";
import search from "lucide-static/icons/search.svg?raw";
import shapes from "lucide-static/icons/shapes.svg?raw";
import square from "lucide-static/icons/square.svg?raw";
import sun from "lucide-static/icons/sun.svg?raw";
import trash from "lucide-static/icons/trash-2.svg?raw";
import warning from "lucide-static/icons/triangle-alert.svg?raw";
import x from "lucide-static/icons/x.svg?raw";

const icons = { archive, box, camera, check, chevronDown, chevronRight, copy, download: downloadIcon, ellipsis, eye, eyeOff, folderOpen, globe, grip, help, image, columns, grid, link, moon, layers, plus, refresh, search, shapes, square, sun, trash, warning, x };

export type IconName = keyof typeof icons;

/** An icon for the eye only: the control around it carries the label. */
export function icon(name: IconName): TemplateResult {
  return html`${unsafeHTML(icons[name].replace(/^[^]*?<svg/, '<svg aria-hidden="true"'))}`;
}
