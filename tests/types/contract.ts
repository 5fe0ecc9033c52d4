// What the package declares must be usable wherever the contract's types are asked for. Compiling is the test.

import type * as contract from "contract";
import type * as ours from "neurolume";

/** Compiles only if every `Ours` can stand for a `Theirs`. */
type Assignable<Ours extends Theirs, Theirs> = [Ours, Theirs];

/** The members of the contract's interface that ours has too. */
type Common<Theirs, Ours> = Pick<Theirs, keyof Theirs & keyof Ours>;

type Data = [
  Assignable<ours.Vec3, contract.Vec3>,
  Assignable<ours.Quat, contract.Quat>,
  Assignable<ours.Layout, contract.Layout>,
  Assignable<contract.Layout, ours.Layout>,
  Assignable<ours.ViewState, contract.ViewState>,
  Assignable<contract.ViewState, ours.ViewState>,
  Assignable<ours.ContextOptions, contract.ContextOptions>,
  Assignable<ours.LayerSpec, contract.LayerSpec>,
  Assignable<ours.SourceSpec, contract.SourceSpec>,
  Assignable<ours.DataType, contract.DataType>,
  Assignable<contract.DataType, ours.DataType>,
  Assignable<ours.LayerInfo, contract.LayerInfo>,
  Assignable<ours.VoxelBox, contract.VoxelBox>,
  Assignable<ours.VoxelArray, contract.VoxelArray>,
  Assignable<contract.VoxelArray, ours.VoxelArray>,
  Assignable<ours.VoxelBlock, contract.VoxelBlock>,
  Assignable<ours.PickInfo, contract.PickInfo>,
  Assignable<ours.ViewerStateV1, contract.ViewerStateV1>,
  Assignable<ours.ActionInfo, contract.ActionInfo>,
  Assignable<contract.ActionInfo, ours.ActionInfo>,
  Assignable<ours.RequestPatch, contract.RequestPatch>,
  Assignable<ours.ViewerErrorCode, contract.ViewerErrorCode>,
  Assignable<contract.ViewerErrorCode, ours.ViewerErrorCode>,
  Assignable<ours.ViewerError, contract.ViewerError>,
];

/** Every event of ours that the contract has carries what the contract says. */
type Events = Assignable<Common<ours.ViewerEvents, contract.ViewerEvents>, Common<contract.ViewerEvents, ours.ViewerEvents>>;

type Classes = [
  Assignable<ours.Context, contract.Context>,
  Assignable<ours.Actions, contract.Actions>,
  Assignable<ours.LayerCollection, Common<contract.LayerCollection, ours.LayerCollection>>,
  Assignable<Omit<ours.Viewer, "on" | "once" | "off">, Omit<Common<contract.Viewer, ours.Viewer>, "layers" | "context" | "on" | "once" | "off">>,
];

/** Everything of the contract that is in scope is there: taking one of these away does not compile. */
type Present = [
  Pick<ours.Viewer, "context" | "layers" | "actions" | "viewState" | "layout" | "setViewState" | "pick" | "readVoxels" | "screenshot" | "idle" | "getState" | "setState" | "shareUrl" | "stats" | "on" | "once" | "off" | "dispose">,
  Pick<ours.LayerCollection, "add" | "update" | "remove" | "get" | "list" | "info" | "datasource" | "applyDatasource">,
];

type Functions = [
  Assignable<ReturnType<typeof ours.checkSupport>, ReturnType<typeof contract.checkSupport>>,
  Assignable<Parameters<typeof ours.createContext>, Parameters<typeof contract.createContext>>,
  Assignable<typeof ours.isViewerError, typeof contract.isViewerError>,
];

export type { Classes, Data, Events, Functions, Present };
