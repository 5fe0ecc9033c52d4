//! What `omero` says of channels: how they are called, and in which colour they are meant to be shown.
//!
//! Source: OME-NGFF 0.4, "omero" metadata. A colour is six hexadecimal digits; what is malformed is as if it were not there.

use serde_json::{Map, Value};

use crate::format::ChannelNote;

/// The most channels that are told of.
const MAX_CHANNELS: usize = 1024;

/// What is said of each channel, from the first; empty where nothing is.
pub(super) fn channels(attributes: &Map<String, Value>) -> Vec<ChannelNote> {
    let channels = attributes.get("omero").and_then(|omero| omero.get("channels")).and_then(Value::as_array);
    channels.into_iter().flatten().take(MAX_CHANNELS).map(channel).collect()
}

fn channel(channel: &Value) -> ChannelNote {
    let text = |key: &str| channel.get(key).and_then(Value::as_str).map(str::trim);
    let name = text("label").filter(|name| !name.is_empty()).map(str::to_owned);
    let is_color = |color: &&str| color.len() == 6 && color.bytes().all(|byte| byte.is_ascii_hexdigit());
    let color = text("color").map(|color| color.trim_start_matches('#')).filter(is_color);
    ChannelNote { name, color: color.map(|color| format!("#{}", color.to_ascii_lowercase())) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_names_and_colours_and_leaves_out_what_makes_no_sense() {
        // As the example of the specification has them.
        let attributes = json!({ "omero": { "channels": [
            { "color": "0000FF", "label": "LaminB1", "active": true },
            { "color": "blue", "label": " " },
            7,
        ] } });
        let note = |name: Option<&str>, color: Option<&str>| ChannelNote { name: name.map(str::to_owned), color: color.map(str::to_owned) };
        let told = channels(attributes.as_object().unwrap());
        assert_eq!(told, [note(Some("LaminB1"), Some("#0000ff")), note(None, None), note(None, None)]);
        for none in [json!({}), json!({ "omero": {} }), json!({ "omero": { "channels": "DAPI" } })] {
            assert!(channels(none.as_object().unwrap()).is_empty(), "{none}");
        }
    }
}
