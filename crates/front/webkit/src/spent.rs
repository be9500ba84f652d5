//! The parameter `y`: the calls whose time the rows of a hitmap stand for.

use crate::problem::Problem;
use hinomi_query::answer::SpentIn;

/// The calls that `y` names; `None` for the response time.
pub fn spent(y: Option<&str>) -> Result<Option<SpentIn>, Problem> {
    match y {
        None | Some("" | "duration") => Ok(None),
        Some(word) => SpentIn::parse(word)
            .map(Some)
            .ok_or_else(|| Problem::parameter("y", "`y` is one of duration, database, external")),
    }
}

/// The problem for `q` with time in calls: the text search of a list works with response times
/// only.
pub fn q_with_spent() -> Problem {
    Problem::parameter("q", "`q` cannot be used with a `y` other than `duration`")
}
