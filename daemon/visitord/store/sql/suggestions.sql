-- open: most alike first
select s.number, called(a.identity_id) as one, called(b.identity_id) as other,
       agreement, reason, made_at, one_id, other_id
from suggestion s
join identity a on a.identity_id = one_id
join identity b on b.identity_id = other_id
where a.merged_into is null and b.merged_into is null
and not exists (select 1 from rejection r where (r.one_id, r.other_id) = (s.one_id, s.other_id))
order by agreement desc, s.number

-- people: the two of a suggestion, the named or ignored one first, else the one known longer
select identity_id as visitor_id, called(identity_id) as name,
       'visitor ' || i.number as label, status
from identity i join suggestion s on identity_id in (one_id, other_id)
where s.number = %(number)s
order by status <> 'provisional' desc, i.number

-- doubt: whether somebody enrolled is the one they are like, as far as both are there
insert into suggestion (one_id, other_id, agreement, reason, made_at)
select least(enrolled.identity_id, candidate.root_id), greatest(enrolled.identity_id, candidate.root_id),
       %(agreement)s, %(reason)s, %(now)s
from identity enrolled, identity candidate
where enrolled.identity_id = %(enrolled)s and candidate.identity_id = %(candidate)s
and candidate.root_id <> enrolled.identity_id
on conflict (one_id, other_id) do nothing

-- doubts: between those who stand for the two
select least(a.root_id, b.root_id) as one, greatest(a.root_id, b.root_id) as other,
       max(agreement)::float8 as agreement, reason
from suggestion
join identity a on a.identity_id = one_id
join identity b on b.identity_id = other_id
where reason = %(reason)s and a.root_id <> b.root_id
group by 1, 2, 4

-- suggest: that pairs are one person; what was suggested before keeps its number, and uses up no other
with said as (
    select *, %(now)s::timestamptz as made_at
    from unnest(%(ones)s::uuid[], %(others)s::uuid[], %(agreements)s::real[], %(reasons)s::text[])
        pair (one_id, other_id, agreement, reason)
), changed as (
    update suggestion s set agreement = said.agreement, reason = said.reason from said
    where (s.one_id, s.other_id) = (said.one_id, said.other_id)
    and (s.agreement, s.reason) is distinct from (said.agreement, said.reason)
)
insert into suggestion (one_id, other_id, agreement, reason, made_at)
select one_id, other_id, agreement, reason, made_at
from said
where not exists (select from suggestion s where (s.one_id, s.other_id) = (said.one_id, said.other_id))

-- withdraw: all but these pairs
delete from suggestion
where (one_id, other_id) not in (select * from unnest(%(ones)s::uuid[], %(others)s::uuid[]))
