//! Any endpoint that speaks OpenAI's chat completions: hosted, local, or a gateway before others.

use std::collections::VecDeque;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
    ResponseFormat, ResponseFormatJsonSchema,
};
use async_openai::types::stream::StreamResponse;
use async_trait::async_trait;
use axum::http::header::Entry;
use axum::http::{Request, header};
use backon::{ExponentialBuilder, Retryable};
use futures::{StreamExt, stream};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Failure, ModelSettings, Piece, Pieces, Prompt, Provider, Usage, extraction};

/// Most tokens of an answer.
pub(super) const MOST_TOKENS: u32 = 800;

/// How long a provider may take.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// To be connected to.
    pub connect: Duration,
    /// For the first words, all attempts together, and later for each piece.
    pub piece: Duration,
    /// For the whole answer.
    pub whole: Duration,
}

/// Speaks HTTP with or without TLS. The client library takes its requests and answers in the form of `reqwest`, whose
/// own TLS would bring a second library of cryptography into the server.
#[derive(Clone)]
pub(super) struct Http(legacy::Client<HttpsConnector<HttpConnector>, reqwest::Body>);

/// An endpoint with its model.
pub(super) struct OpenAi {
    client: Client<OpenAIConfig>,
    model: String,
    times: Times,
}

impl Http {
    /// One for all providers.
    pub(super) fn new(times: Times) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(times.connect));
        connector.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Self(legacy::Client::builder(TokioExecutor::new()).build(connector))
    }

    async fn send(self, request: HttpRequestFactory) -> Result<reqwest::Response, OpenAIError> {
        let mut request: Request<reqwest::Body> = request.build().await?.try_into()?;
        // Without a key nothing is said of one: a local model may refuse an empty one.
        if let Entry::Occupied(said) = request.headers_mut().entry(header::AUTHORIZATION)
            && said.get().as_bytes().trim_ascii_end() == b"Bearer"
        {
            said.remove();
        }
        let answer = self.0.request(request).await.map_err(|_| boxed(Failure::Unreachable))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer.map(reqwest::Body::wrap).into());
        }
        // What it says is not read: it may hold what a visitor wrote.
        let seconds =
            answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Err(boxed(match status.as_u16() {
            429 => Failure::Busy(seconds.map(Duration::from_secs)),
            status => Failure::Refused(status),
        }))
    }
}

fn boxed(failure: Failure) -> OpenAIError {
    OpenAIError::Boxed(Box::new(failure))
}

impl From<OpenAIError> for Failure {
    fn from(error: OpenAIError) -> Self {
        match error {
            OpenAIError::Boxed(inner) => inner.downcast().map_or(Self::Unreachable, |failure| *failure),
            OpenAIError::StreamError(_) | OpenAIError::Reqwest(_) => Self::Broken,
            _ => Self::Rubbish,
        }
    }
}

impl OpenAi {
    /// The endpoint of these settings.
    pub(super) fn new(http: Http, settings: &ModelSettings, times: Times) -> Self {
        // Every field is set: the library would take others from variables of its own.
        let config = OpenAIConfig::new()
            .with_api_base(settings.base_url.trim_end_matches('/'))
            .with_api_key(settings.api_key.clone().unwrap_or_default())
            .with_org_id("")
            .with_project_id("");
        let service = tower::service_fn(move |request| http.clone().send(request));
        let client = Client::build(reqwest::Client::new(), config).with_http_service(service);
        Self { client, model: settings.model.clone(), times }
    }

    fn request(&self, prompt: &Prompt) -> CreateChatCompletionRequest {
        let mut messages: Vec<ChatCompletionRequestMessage> =
            vec![ChatCompletionRequestSystemMessage::from(prompt.system.as_str()).into()];
        messages.extend(prompt.turns.iter().map(|turn| match turn.by_business {
            true => ChatCompletionRequestAssistantMessage::from(turn.text.as_str()).into(),
            false => ChatCompletionRequestUserMessage::from(turn.text.as_str()).into(),
        }));
        CreateChatCompletionRequest {
            messages,
            model: self.model.clone(),
            max_completion_tokens: Some(MOST_TOKENS),
            stream: Some(true),
            stream_options: Some(ChatCompletionStreamOptions {
                include_usage: Some(true),
                ..ChatCompletionStreamOptions::default()
            }),
            ..CreateChatCompletionRequest::default()
        }
    }

    /// Asks until words come: what fails for reasons that pass is tried again, but not once anything was said.
    async fn ask(&self, request: CreateChatCompletionRequest) -> Result<Pieces, Failure> {
        let end = Instant::now() + self.times.whole;
        let patience = self.times.piece.min(self.times.whole);
        let tries = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_times(2)
            .with_jitter();
        let asking =
            (|| self.open(&request)).retry(tries).when(Failure::passes).adjust(
                |failure, pause| match failure {
                    // What says when it will have time is believed, if that is soon enough.
                    Failure::Busy(Some(wait)) => pause.map(|_| *wait).filter(|wait| *wait < patience),
                    _ => pause,
                },
            );
        let chunks = timeout(patience, asking).await.map_err(|_| Failure::Late)??;
        let piece = self.times.piece;
        let pieces = stream::unfold(Some(chunks), move |chunks| async move {
            let mut chunks = chunks?;
            let next = timeout_at(end.min(Instant::now() + piece), chunks.next()).await;
            match next.unwrap_or(Some(Err(Failure::Late)))? {
                Ok(piece) => Some((Ok(piece), Some(chunks))),
                Err(failure) => Some((Err(failure), None)),
            }
        });
        Ok(pieces.boxed())
    }

    /// Begins an answer; its first words are there when this returns.
    async fn open(&self, request: &CreateChatCompletionRequest) -> Result<Chunks, Failure> {
        let stream = self.client.chat().create_stream_byot(request).await?;
        let mut chunks = Chunks { stream, ready: VecDeque::new(), ended: false };
        let first = chunks.next().await.unwrap_or(Err(Failure::Rubbish))?;
        chunks.ready.push_front(first);
        Ok(chunks)
    }
}

#[async_trait]
impl Provider for OpenAi {
    async fn reply(&self, prompt: &Prompt) -> Result<Pieces, Failure> {
        self.ask(self.request(prompt)).await
    }

    async fn extract(&self, prompt: &Prompt) -> Result<Pieces, Failure> {
        let form = ResponseFormatJsonSchema {
            description: None,
            name: "requirements".to_owned(),
            schema: extraction::schema(),
            strict: Some(true),
        };
        let response_format = Some(ResponseFormat::JsonSchema { json_schema: form });
        self.ask(CreateChatCompletionRequest { response_format, ..self.request(prompt) }).await
    }
}

/// What has come of an answer.
struct Chunks {
    stream: StreamResponse<Chunk>,
    ready: VecDeque<Piece>,
    /// Whether the model has said that it is done.
    ended: bool,
}

/// A piece of the stream, as far as it is of use. Servers that claim to speak the protocol leave out almost everything
/// else, so that the library's own types would not read them.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Counted>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Counted {
    prompt_tokens: u64,
    completion_tokens: u64,
}

impl Chunks {
    /// The next piece; `None` behind the last one of an answer that came to its end.
    async fn next(&mut self) -> Option<Result<Piece, Failure>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(Ok(piece));
            }
            match self.stream.next().await {
                Some(Ok(Chunk { error: Some(_), .. })) => return Some(Err(Failure::Broken)),
                Some(Ok(chunk)) => self.take(chunk),
                Some(Err(error)) => return Some(Err(error.into())),
                None if self.ended => return None,
                None => return Some(Err(Failure::Broken)),
            }
        }
    }

    fn take(&mut self, chunk: Chunk) {
        for choice in chunk.choices.into_iter().take(1) {
            let words = choice.delta.content.filter(|words| !words.is_empty());
            self.ready.extend(words.map(Piece::Words));
            self.ended |= choice.finish_reason.is_some();
        }
        let usage = chunk
            .usage
            .map(|counted| Usage { prompt: counted.prompt_tokens, completion: counted.completion_tokens });
        self.ready.extend(usage.map(Piece::Usage));
    }
}
