/** What the owner of a server has to do so that a page may read its data. */

export interface CorsRecipe {
  where: string;
  text: string;
}

const METHODS = ["GET", "HEAD"];
const EXPOSED = ["Content-Length", "Content-Range", "Content-Encoding", "ETag"];

/** A configuration to copy, fit for the kind of server at this address. */
export function corsRecipe(url: string): CorsRecipe {
  const google = /^gs:\/\/([^/]+)/.exec(url) ?? /storage\.googleapis\.com\/(?:storage\/v1\/b\/)?([^/]+)/.exec(url);
  if (google) {
    const rules = [{ origin: ["*"], method: METHODS, responseHeader: EXPOSED, maxAgeSeconds: 3600 }];
    return { where: "Google Cloud Storage", text: script(rules, `gcloud storage buckets update \\\n  gs://${google[1]} --cors-file=cors.json`) };
  }
  const amazon = /^s3:\/\/([^/]+)/.exec(url) ?? /^https:\/\/([^/]+?)\.s3[.-][^/]*amazonaws\.com/.exec(url) ?? /^https:\/\/s3[.-][^/]*amazonaws\.com\/([^/]+)/.exec(url);
  if (amazon) {
    const rules = { CORSRules: [{ AllowedOrigins: ["*"], AllowedMethods: METHODS, AllowedHeaders: ["*"], ExposeHeaders: EXPOSED, MaxAgeSeconds: 3600 }] };
    return { where: "Amazon S3", text: script(rules, `aws s3api put-bucket-cors --bucket ${amazon[1]} \\\n  --cors-configuration file://cors.json`) };
  }
  return {
    where: "nginx (other servers alike)",
    text: `add_header Access-Control-Allow-Origin "*" always;\nadd_header Access-Control-Allow-Headers "Range" always;\nadd_header Access-Control-Expose-Headers\n  "${EXPOSED.join(", ")}" always;`,
  };
}

function script(rules: unknown, command: string): string {
  // Lists of words on one line: it is read in a narrow place.
  const json = JSON.stringify(rules, null, 1).replace(/\[\s+("[^[\]]*")\s+\]/g, (_, words: string) => `[${words.replace(/\s+/g, " ")}]`);
  return `cat > cors.json <<END\n${json}\nEND\n${command}`;
}
