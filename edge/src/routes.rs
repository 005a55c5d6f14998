//! Which path does what. Whatever is not here is 404.

use porchlight_protocol::problem::Problem;
use worker::{Env, Method, Request, Response, Result};

use crate::answer::{self, Asker};
use crate::{chat, settings, widget};

pub(crate) async fn answer(request: Request, env: &Env) -> Result<Response> {
    let asker = Asker::of(&request)?;
    let path = request.path();
    let allow = match path.as_str() {
        "/api/chat" => "GET, HEAD, POST, OPTIONS",
        "/api/widget" => "GET, HEAD, OPTIONS",
        path if widget::is_file(path) => "GET, HEAD",
        _ => return asker.refuse(Problem::not_found("There is nothing at this address.")),
    };
    let answered = match (path.as_str(), request.method()) {
        ("/api/chat" | "/api/widget", Method::Options) => return asker.preflight(),
        ("/api/chat", Method::Post) => chat::post(request, env, &asker).await,
        ("/api/chat", Method::Get | Method::Head) => chat::get(request, env, &asker).await,
        ("/api/widget", Method::Get | Method::Head) => settings::get(request, env, &asker).await,
        (path, Method::Get | Method::Head) if widget::is_file(path) => widget::get(request, env, path).await,
        _ => Err(Problem::method_not_allowed()),
    };
    match answered {
        Ok(response) => Ok(response),
        Err(problem) if problem.status == 405 => {
            let mut response = asker.refuse(problem)?;
            response.headers_mut().set("Allow", allow)?;
            Ok(response)
        }
        Err(problem) => asker.refuse(problem),
    }
}

/// What a failure of the runtime itself means to a visitor: later it may go well.
pub(crate) fn failed(error: worker::Error) -> Problem {
    worker::console_error!("the runtime failed: {error}");
    answer::unavailable()
}
