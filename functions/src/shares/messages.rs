//! GET /v1/shared/{token}/messages: read on in a chat that is shared.

use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Storage,
    context::read_one,
    from_row,
    model::{
        messages::Message,
        shares::{READ_ON_PROBLEMS, SHARE_VIEW, read_shared_messages, resume_share, select_shared_messages},
    },
    sql,
    text::Sha256,
};

use super::open::TokenPath;

/// Lists the messages of a chat that is shared, oldest first.
pub struct ListSharedMessages;

struct Chat {
    is_live: bool,
}

from_row!(Chat { is_live });

impl Endpoint for ListSharedMessages {
    const ROUTE: Route =
        Route::get("/v1/shared/{token}/messages", "Read on in a chat that is shared, oldest message first")
            .access(Access::Anyone)
            .storage(Storage::Read)
            .headers(&[SHARE_VIEW])
            .problems(READ_ON_PROBLEMS);
    type Path = TokenPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Message>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let token = Sha256::of(input.path.token.as_str().as_bytes());
        let resume = resume_share(&token, input.header(&SHARE_VIEW));
        let chat = sql("
            select through_message_id is null as is_live
            from shares
            where id = auth.share_id() and chat_id is not null
        ");
        let [_, chat, messages] = context.fly([resume, chat, select_shared_messages(cursor, limit)]).await?;
        let Chat { is_live } = read_one(&chat)?;
        read_shared_messages(&messages, is_live, cursor, limit, context.bucket()?)
    }
}
