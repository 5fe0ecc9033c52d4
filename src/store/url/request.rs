//! Which HTTP address an object is asked for at.

use super::{Scheme, StoreError, Url, bad, encode};

impl Url {
    /// The `https:` or `http:` address that a request for this one goes to.
    ///
    /// `gs:` goes to the JSON API, which allows every origin, where the XML API needs a bucket with a CORS configuration.
    /// `s3:` takes the bucket as a host name, or as the first path segment where its name is no single host label (the wildcard certificate covers
    /// one label). `?region=` and `?endpoint=` of an `s3:` address say where the bucket is and are not sent.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] for a file, and for a region or endpoint that cannot be understood.
    pub fn request_url(&self) -> Result<String, StoreError> {
        match self.scheme {
            Scheme::Http | Scheme::Https => Ok(self.to_string()),
            Scheme::Gs => {
                let object = encode::component(&encode::decode(&self.path));
                let more = self.query.as_ref().map(|query| format!("&{query}")).unwrap_or_default();
                Ok(format!("https://storage.googleapis.com/storage/v1/b/{}/o/{object}?alt=media{more}", self.authority))
            }
            Scheme::S3 => self.s3_request_url(),
            Scheme::File => Err(bad("a web page cannot read files by their path", &self.describe())),
        }
    }

    fn s3_request_url(&self) -> Result<String, StoreError> {
        let (mut region, mut endpoint, mut rest) = (None, None, Vec::new());
        for parameter in self.query.iter().flat_map(|query| query.split('&')) {
            match parameter.split_once('=') {
                Some(("region", value)) => region = Some(value),
                Some(("endpoint", value)) => endpoint = Some(value),
                _ => rest.push(parameter),
            }
        }
        if region.is_some_and(|region| region.is_empty() || !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')) {
            return Err(bad("its region is malformed", &self.describe()));
        }
        let (bucket, path) = (&self.authority, &self.path);
        let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        if let Some(endpoint) = endpoint {
            let endpoint = String::from_utf8(encode::decode(endpoint)).unwrap_or_default();
            let endpoint = if endpoint.contains("://") { endpoint } else { format!("https://{endpoint}") };
            let endpoint = Url::parse(&endpoint)?.as_folder();
            if !matches!(endpoint.scheme, Scheme::Http | Scheme::Https) {
                return Err(bad("its endpoint is no http address", &self.describe()));
            }
            let base = endpoint.to_string();
            return Ok(format!("{}/{bucket}/{path}{query}", base.trim_end_matches('/')));
        }
        let host = region.map_or_else(|| "s3.amazonaws.com".to_owned(), |region| format!("s3.{region}.amazonaws.com"));
        let is_label = bucket.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !bucket.starts_with('-')
            && !bucket.ends_with('-')
            && bucket.len() <= 63;
        Ok(if is_label { format!("https://{bucket}.{host}/{path}{query}") } else { format!("https://{host}/{bucket}/{path}{query}") })
    }
}
