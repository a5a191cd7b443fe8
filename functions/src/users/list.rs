//! GET /v1/users: every account, for superusers.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql,
    context::{read_all, read_one},
    model::accounts::{Id, USER, User, select_superuser},
    page::{Cursor, Limit, after},
    sql,
    text::Text,
};

/// Lists accounts. For everyone but superusers there is no such list.
pub struct ListUsers;

/// Which accounts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Those with this in their address, name or handle.
    #[serde(default)]
    q: Option<Text<1, 200>>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<Cursor>,
}

impl Endpoint for ListUsers {
    const ROUTE: Route = Route::get("/v1/users", "List accounts, newest first; for superusers");
    type Path = Nothing;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<User>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        let [superuser, users] = context.fly([select_superuser(), input.query.select()]).await?;
        read_one::<Id>(&superuser)?;
        Ok(Page::new(read_all::<User>(&users)?, limit))
    }
}

impl Filter {
    fn select(self) -> Sql {
        let named = match self.q {
            Some(_) => "strpos(lower(concat_ws(' ', users.email, users.name, profiles.handle)), lower($1)) > 0",
            None => "$1::text is null",
        };
        sql(format!(
            "select {USER}
             where (select auth.is_superuser()) and {named} and {}
             order by users.created_at desc, users.id desc
             limit $4",
            after(self.cursor, "users", 2)
        ))
        .bind(self.q.map(Text::into_string))
        .bind(self.cursor.map(|cursor| cursor.created_at))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
