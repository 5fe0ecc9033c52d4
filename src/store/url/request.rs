//! Which HTTP address an object is asked for at.
//!
//! `nl-credentials=number` in a query names what the page keeps to sign requests with; it is never sent.

use super::{Scheme, StoreError, Url, bad, encode};

impl Url {
    /// The `https:` or `http:` address that a request for this one goes to.
    ///
    /// `gs:` goes to the JSON API, which allows every origin, where the XML API needs a bucket with a CORS configuration.
    /// `s3:` takes the bucket as a host name, or as the first path segment where its name is no single host label (the wildcard certificate covers
    /// one label) and at services other than AWS. `?region=`, `?endpoint=` and `?pathStyle=` of an `s3:` address say where the bucket is and are not
    /// sent.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] for a file, and for a region, endpoint or path style that cannot be understood.
    pub fn request_url(&self) -> Result<String, StoreError> {
        if self.inside.is_some() {
            return Err(bad("a place inside of an archive has no address of its own", &self.describe()));
        }
        match self.scheme {
            // What is chosen in the page is asked for there.
            Scheme::Http | Scheme::Https | Scheme::Local => Ok(Self { query: self.sent_query(), ..self.clone() }.to_string()),
            Scheme::Gs => {
                let object = encode::component(&encode::decode(&self.path));
                let more = self.sent_query().map(|query| format!("&{query}")).unwrap_or_default();
                Ok(format!("https://storage.googleapis.com/storage/v1/b/{}/o/{object}?alt=media{more}", self.authority))
            }
            Scheme::S3 => self.s3_request_url(),
            Scheme::File => Err(bad("a web page cannot read files by their path", &self.describe())),
        }
    }

    /// The number under which the page keeps what requests for this are signed with.
    #[must_use]
    pub fn credentials(&self) -> Option<u32> {
        self.query.as_ref()?.split('&').find_map(credentials_of)
    }

    /// The query as servers see it.
    fn sent_query(&self) -> Option<String> {
        let rest: Vec<&str> = self.query.as_ref()?.split('&').filter(|parameter| credentials_of(parameter).is_none()).collect();
        (!rest.is_empty()).then(|| rest.join("&"))
    }

    fn s3_request_url(&self) -> Result<String, StoreError> {
        let (mut region, mut endpoint, mut path_style, mut rest) = (None, None, None, Vec::new());
        let query = self.sent_query().unwrap_or_default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("region", value)) => region = Some(value),
                Some(("endpoint", value)) => endpoint = Some(value),
                Some(("pathStyle", value)) => path_style = Some(value),
                _ => rest.push(parameter),
            }
        }
        if region.is_some_and(|region| region.is_empty() || !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')) {
            return Err(bad("its region is malformed", &self.describe()));
        }
        let path_style = path_style.map(str::parse::<bool>).transpose();
        let path_style = path_style.map_err(|_| bad("its pathStyle is neither true nor false", &self.describe()))?;
        let service = match (endpoint, region) {
            (Some(endpoint), _) => self.s3_endpoint(endpoint)?,
            (None, Some(region)) => Self::parse(&format!("https://s3.{region}.amazonaws.com"))?,
            (None, None) => Self::parse("https://s3.amazonaws.com")?,
        };
        let bucket = &self.authority;
        let is_label = bucket.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !bucket.starts_with('-')
            && !bucket.ends_with('-')
            && bucket.len() <= 63;
        let root = if path_style.unwrap_or(endpoint.is_some() || !is_label) {
            service.join(bucket)?
        } else {
            Self { authority: format!("{bucket}.{}", service.authority), ..service }
        };
        let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        Ok(format!("{}/{}{query}", root.to_string().trim_end_matches('/'), self.path))
    }

    fn s3_endpoint(&self, typed: &str) -> Result<Self, StoreError> {
        let typed = String::from_utf8(encode::decode(typed)).unwrap_or_default();
        let endpoint = Self::parse(&if typed.contains("://") { typed } else { format!("https://{typed}") })?.as_folder();
        if !matches!(endpoint.scheme, Scheme::Http | Scheme::Https) {
            return Err(bad("its endpoint is no http address", &self.describe()));
        }
        Ok(Self { query: None, ..endpoint })
    }
}

fn credentials_of(parameter: &str) -> Option<u32> {
    parameter.strip_prefix("nl-credentials=")?.parse().ok()
}
