//! Which key runs which action now: the registry's keys and what a person has changed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::actions::{ACTIONS, Action, Situation, by_id};
use super::key::{self, Modifiers};

/// An action as the public API tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionInfo {
    /// Its stable name.
    pub id: &'static str,
    /// What it does, in words.
    pub label: &'static str,
    /// Under which heading it stands.
    pub group: &'static str,
    /// Its keys or gestures.
    pub keys: Vec<String>,
    /// A lucide icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<&'static str>,
    /// Whether running it does something now. Never of a gesture.
    pub enabled: bool,
    /// The views of the page that it belongs to; none is all.
    pub views: &'static [&'static str],
}

/// Why keys cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// There is no such action.
    #[error("there is no action {0:?}")]
    UnknownAction(String),
    /// It is done by the pointer.
    #[error("{0:?} is a gesture: it has no keys to change")]
    Gesture(&'static str),
    /// It is not a key.
    #[error("{0:?} is not a key; keys are written like \"ctrl+shift+z\", \"space\" or \"arrowleft\"")]
    NotAKey(String),
}

/// Keys as a person has changed them. A key given to one action is taken from the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    changed: BTreeMap<&'static str, Vec<String>>,
}

impl Keymap {
    /// Gives an action other keys, none, or (`None`) its own again.
    ///
    /// # Errors
    /// [`KeymapError`] for an action that there is not, a gesture, or a text that is not a key; nothing is changed then.
    pub fn set_keys(&mut self, id: &str, keys: Option<&[String]>) -> Result<(), KeymapError> {
        let action = by_id(id).ok_or_else(|| KeymapError::UnknownAction(id.to_owned()))?;
        if action.is_gesture() {
            return Err(KeymapError::Gesture(action.id));
        }
        let Some(keys) = keys else {
            self.changed.remove(action.id);
            return Ok(());
        };
        let keys: Vec<String> =
            keys.iter().map(|text| key::canonical(text).ok_or_else(|| KeymapError::NotAKey(text.clone()))).collect::<Result<_, _>>()?;
        for others in self.changed.values_mut() {
            others.retain(|other| !keys.contains(other));
        }
        self.changed.insert(action.id, keys);
        Ok(())
    }

    /// The keys that run an action now, and the place of each among its keys.
    fn keys_in_force<'a>(&'a self, action: &'static Action) -> Vec<(usize, &'a str)> {
        match self.changed.get(action.id) {
            Some(keys) => keys.iter().map(String::as_str).enumerate().collect(),
            None => action.keys.iter().copied().enumerate().filter(|(_, key)| !self.is_given(key)).collect(),
        }
    }

    fn is_given(&self, key: &str) -> bool {
        self.changed.values().any(|keys| keys.iter().any(|given| given == key))
    }

    /// The keys of an action now.
    #[must_use]
    pub fn keys_of(&self, id: &str) -> Vec<String> {
        by_id(id).map(|action| self.keys_in_force(action).into_iter().map(|(_, key)| key.to_owned()).collect()).unwrap_or_default()
    }

    /// The action of a key and the place of the key among the action's keys.
    #[must_use]
    pub fn action_of(&self, written: &str) -> Option<(&'static Action, usize)> {
        ACTIONS.iter().filter(|action| !action.is_gesture()).find_map(|action| {
            let (nth, _) = self.keys_in_force(action).into_iter().find(|(_, key)| *key == written)?;
            Some((action, nth))
        })
    }

    /// The action of a DOM keyboard event. Command on a Mac also does what ctrl does.
    #[must_use]
    pub fn lookup(&self, code: &str, key: &str, modifiers: Modifiers) -> Option<(&'static Action, usize)> {
        let exact = key::written(code, key, modifiers)?;
        self.action_of(&exact).or_else(|| {
            let as_ctrl = modifiers.has(Modifiers::META) && !modifiers.has(Modifiers::CTRL);
            let modifiers = modifiers.without(Modifiers::META).with(Modifiers::CTRL);
            as_ctrl.then(|| key::written(code, key, modifiers)).flatten().and_then(|written| self.action_of(&written))
        })
    }

    /// Every action of a view of the page (`None`: of all), in the registry's order.
    #[must_use]
    pub fn list(&self, view: Option<&str>, situation: &Situation) -> Vec<ActionInfo> {
        let belongs = |action: &&Action| view.is_none_or(|view| action.views.is_empty() || action.views.contains(&view));
        ACTIONS
            .iter()
            .filter(belongs)
            .map(|action| ActionInfo {
                id: action.id,
                label: action.label,
                group: action.group,
                keys: self.keys_of(action.id),
                icon: action.icon,
                enabled: !action.is_gesture() && action.when.holds(situation),
                views: action.views,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(list: &[&str]) -> Vec<String> {
        list.iter().map(|key| (*key).to_owned()).collect()
    }

    fn id_of(map: &Keymap, written: &str) -> Option<&'static str> {
        map.action_of(written).map(|(action, _)| action.id)
    }

    #[test]
    fn every_key_of_the_registry_is_found() {
        let map = Keymap::default();
        for action in ACTIONS.iter().filter(|action| !action.is_gesture()) {
            for (nth, key) in action.keys.iter().enumerate() {
                let found = map.action_of(key).map(|(found, place)| (found.id, place));
                assert_eq!(found, Some((action.id, nth)), "{key}");
            }
        }
        assert_eq!(id_of(&map, "wheel"), None, "a gesture is not a key");
    }

    #[test]
    fn a_key_given_away_is_taken_back_with_null() {
        let mut map = Keymap::default();
        map.set_keys("rotate.snap", Some(&keys(&["S", "shift+ctrl+y"]))).unwrap();
        assert_eq!(id_of(&map, "s"), Some("rotate.snap"));
        assert_eq!(id_of(&map, "ctrl+shift+y"), Some("rotate.snap"));
        assert_eq!(id_of(&map, "z"), None);
        assert!(map.keys_of("show.slices").is_empty(), "help must not promise a key that does something else");
        map.set_keys("segments.clear", Some(&keys(&["s"]))).unwrap();
        assert_eq!(id_of(&map, "s"), Some("segments.clear"));
        assert_eq!(map.keys_of("rotate.snap"), ["ctrl+shift+y"]);
        map.set_keys("rotate.snap", None).unwrap();
        map.set_keys("segments.clear", None).unwrap();
        assert_eq!(map, Keymap::default());
        map.set_keys("help.show", Some(&[])).unwrap();
        assert_eq!(id_of(&map, "h"), None);
    }

    #[test]
    fn what_cannot_be_changed_says_why() {
        let mut map = Keymap::default();
        assert_eq!(map.set_keys("no.such", None), Err(KeymapError::UnknownAction("no.such".to_owned())));
        assert_eq!(map.set_keys("gesture.zoom", Some(&[])), Err(KeymapError::Gesture("gesture.zoom")));
        assert!(matches!(map.set_keys("rotate.snap", Some(&keys(&["q", "what?!"]))), Err(KeymapError::NotAKey(_))));
        assert_eq!(map, Keymap::default());
    }

    #[test]
    fn events_find_their_action() {
        let map = Keymap::default();
        let found = |code, key, modifiers| map.lookup(code, key, modifiers).map(|(action, nth)| (action.id, nth));
        assert_eq!(found("Digit3", "3", Modifiers::NONE), Some(("layer.toggle", 2)));
        assert_eq!(found("KeyO", "o", Modifiers::META), Some(("dataset.open", 0)));
        assert_eq!(found("KeyO", "o", Modifiers::NONE), Some(("show.orthographic", 0)));
        assert_eq!(found("KeyC", "c", Modifiers::CTRL), None, "copying is the browser's");
        assert_eq!(found("ShiftLeft", "Shift", Modifiers::SHIFT), None);
    }

    #[test]
    fn an_action_is_enabled_when_there_is_something_to_do() {
        let map = Keymap::default();
        let enabled = |id: &str, situation: Situation| map.list(Some("view"), &situation).into_iter().any(|a| a.id == id && a.enabled);
        assert!(!enabled("segments.clear", Situation { images: 1, ..Situation::default() }));
        assert!(enabled("segments.clear", Situation { segmentations: 1, ..Situation::default() }));
        assert!(enabled("help.show", Situation::default()));
        assert!(!enabled("gesture.zoom", Situation { images: 1, ..Situation::default() }));
    }
}
