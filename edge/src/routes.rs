//! Which path does what. Whatever is not here is 404.

use porchlight_protocol::problem::Problem;
use worker::{Context, Env, Method, Request, Response, Result};

use crate::answer::{self, Asker};
use crate::{chat, settings, widget};

/// What answering a request needs beside the request.
pub(crate) struct Call<'a> {
    pub(crate) env: &'a Env,
    pub(crate) context: &'a Context,
    pub(crate) asker: Asker,
    /// The edge's own address, without a path.
    pub(crate) base: String,
}

pub(crate) async fn answer(request: Request, env: &Env, context: &Context) -> Result<Response> {
    let base = request.url()?.origin().ascii_serialization();
    let call = Call { env, context, asker: Asker::of(&request)?, base };
    let path = request.path();
    let allow = match path.as_str() {
        "/api/chat" => "GET, HEAD, POST, DELETE, OPTIONS",
        "/api/chat/events" | "/api/widget" => "GET, HEAD, OPTIONS",
        path if widget::is_file(path) => "GET, HEAD",
        _ => return call.asker.refuse(Problem::not_found("There is nothing at this address.")),
    };
    let answered = match (path.as_str(), request.method()) {
        (path, Method::Options) if path.starts_with("/api/") => return call.asker.preflight(),
        ("/api/chat", Method::Post) => chat::post(request, &call).await,
        ("/api/chat", Method::Get | Method::Head | Method::Delete)
        | ("/api/chat/events", Method::Get | Method::Head) => chat::pass_on(request, &call).await,
        ("/api/widget", Method::Get | Method::Head) => settings::get(request, &call).await,
        (path, Method::Get | Method::Head) if widget::is_file(path) => {
            widget::get(request, &call, path).await
        }
        _ => Err(Problem::method_not_allowed()),
    };
    match answered {
        Ok(response) => Ok(response),
        Err(problem) if problem.status == 405 => {
            let mut response = call.asker.refuse(problem)?;
            response.headers_mut().set("Allow", allow)?;
            Ok(response)
        }
        Err(problem) => call.asker.refuse(problem),
    }
}

/// What a failure of the runtime itself means to a visitor: later it may go well.
pub(crate) fn failed(error: worker::Error) -> Problem {
    worker::console_error!("the runtime failed: {error}");
    answer::unavailable()
}
