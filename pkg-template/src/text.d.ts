/** The text of a file of the package that was bundled before. */
declare module "text:*" {
  const text: string;
  export default text;
}
