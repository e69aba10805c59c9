-- limit: how long a question may take; and plan for all of its rows, not for the first ones
select set_config('statement_timeout', %(timeout)s, true), set_config('cursor_tuple_fraction', '1', true)

-- pose: hand a question over, as a value
select set_config('visitord.question', %(question)s, true)

-- open: the question as a cursor, which is one statement with rows or refused
do $$
declare
    answer refcursor := 'answer';
begin
    open answer for execute current_setting('visitord.question');
end
$$

-- fetch: all rows of the answer
fetch all from answer

-- close: make room for the next question
close answer
