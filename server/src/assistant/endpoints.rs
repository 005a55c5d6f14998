//! The endpoints of language models, each with what is known of how it is.

use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Provider;
use super::breaker::Breaker;
use super::openai::{Http, OpenAi, Times};
use crate::store::TokenBudget;

/// Most endpoints that are remembered; what was used longest ago makes room.
const MOST: usize = 1_000;

/// Where a model is, which one, and what opens it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ModelSettings {
    /// Absolute, as in `https://api.openai.com/v1`.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Where it needs one.
    pub api_key: Option<String>,
}

impl ModelSettings {
    /// Says what cannot be, by the setting's name.
    pub fn check(&self) -> Result<(), String> {
        let url = Url::parse(&self.base_url).ok();
        let good = url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !good {
            return Err("base-url must be an absolute address, such as https://api.openai.com/v1".to_owned());
        }
        if self.model.trim().is_empty() {
            return Err("model must name a model".to_owned());
        }
        let visible = |key: &String| key.bytes().all(|byte| byte.is_ascii_graphic());
        if !self.api_key.as_ref().is_none_or(visible) {
            return Err("api-key must be one line of visible characters".to_owned());
        }
        Ok(())
    }
}

/// What a business has set of its own; the rest is the house's.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OwnModel {
    /// Where its model is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Tokens a UTC day; 0 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_tokens: Option<u64>,
    /// Tokens a session; 0 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_tokens: Option<u64>,
}

impl OwnModel {
    /// The settings that hold, with the house's for what is not set; `None` where no model answers. The house's key
    /// goes nowhere but to the house's own address.
    pub fn over(&self, house: Option<&ModelSettings>) -> Option<ModelSettings> {
        let same_place =
            self.base_url.is_none() || self.base_url.as_ref() == house.map(|house| &house.base_url);
        let house_key = house.and_then(|house| house.api_key.clone()).filter(|_| same_place);
        Some(ModelSettings {
            base_url: self.base_url.clone().or_else(|| house.map(|house| house.base_url.clone()))?,
            model: self.model.clone().or_else(|| house.map(|house| house.model.clone()))?,
            api_key: self.api_key.clone().or(house_key),
        })
    }

    /// What may be spent, with the house's limits for what is not set.
    pub fn budget(&self, house: TokenBudget) -> TokenBudget {
        TokenBudget {
            business_day: self.day_tokens.unwrap_or(house.business_day),
            session: self.session_tokens.unwrap_or(house.session),
        }
    }
}

impl std::fmt::Debug for OwnModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnModel")
            .field("base_url", &self.base_url)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ModelSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelSettings")
            .field("base_url", &self.base_url)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// A model that can be asked.
pub(super) struct Endpoint {
    pub(super) provider: Box<dyn Provider>,
    pub(super) breaker: Arc<Breaker>,
}

/// All that were used.
pub(super) struct Endpoints {
    http: Http,
    times: Times,
    known: Mutex<LruCache<ModelSettings, Arc<Endpoint>>>,
}

impl Endpoints {
    pub(super) fn new(times: Times) -> Self {
        Self { http: Http::new(times), times, known: Mutex::new(LruCache::new(MOST)) }
    }

    /// The endpoint of these settings, the same as long as it is remembered.
    pub(super) fn get(&self, settings: &ModelSettings) -> Arc<Endpoint> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = known.get(settings) {
            return Arc::clone(endpoint);
        }
        let provider = Box::new(OpenAi::new(self.http.clone(), settings, self.times));
        let endpoint = Arc::new(Endpoint { provider, breaker: Arc::default() });
        known.insert(settings.clone(), Arc::clone(&endpoint));
        endpoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_houses_key_stays_at_the_houses_address() {
        let house = ModelSettings {
            base_url: "https://house.example/v1".to_owned(),
            model: "m".to_owned(),
            api_key: Some("sk-house".to_owned()),
        };
        let own = |base_url: Option<&str>, model: Option<&str>| OwnModel {
            base_url: base_url.map(str::to_owned),
            model: model.map(str::to_owned),
            ..OwnModel::default()
        };
        assert_eq!(OwnModel::default().over(Some(&house)), Some(house.clone()));
        assert_eq!(OwnModel::default().over(None), None);
        let elsewhere = own(Some("https://evil.example/v1"), None).over(Some(&house)).unwrap();
        assert_eq!((elsewhere.api_key, elsewhere.model.as_str()), (None, "m"));
        let other_model = own(None, Some("n")).over(Some(&house)).unwrap();
        assert_eq!((other_model.api_key.as_deref(), other_model.model.as_str()), (Some("sk-house"), "n"));
        assert_eq!(own(Some("https://a.example"), None).over(None), None, "half of it is none");
    }

    #[test]
    fn wrong_settings_are_named_and_keys_are_not_shown() {
        let settings = |base_url: &str, model: &str, key: &str| ModelSettings {
            base_url: base_url.to_owned(),
            model: model.to_owned(),
            api_key: Some(key.to_owned()),
        };
        let good = settings("http://127.0.0.1:11434/v1", "llama", "sk-secret");
        assert_eq!(good.check(), Ok(()));
        assert!(!format!("{good:?}").contains("sk-secret"));
        for (wrong, named) in [
            (settings("api.openai.com", "m", "k"), "base-url"),
            (settings("file:///etc/passwd", "m", "k"), "base-url"),
            (settings("https://a.example", " ", "k"), "model"),
            (settings("https://a.example", "m", "k\nX-Evil: 1"), "api-key"),
        ] {
            assert!(wrong.check().unwrap_err().starts_with(named), "{wrong:?}");
        }
    }
}
