//! Lists and searches find their rows by an index, however many there are: PostgreSQL's own plans say so.

mod forks;
mod gallery;
mod messages;
mod popular;
mod shares;
mod tools;
mod writes;
