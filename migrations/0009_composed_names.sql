-- Sites, cameras and boxes have names in one Unicode form (NFC), however they were typed: those that look the same
-- are the same.

do $$
begin
    -- Text in no other encoding has forms.
    if current_setting('server_encoding') <> 'UTF8' then
        return;
    end if;

    -- A gap that looks new makes the next daemon put the visits of its site together anew.
    insert into visitord.site as known (site, timezone, visit_gap)
    select distinct on (normalize(s.site)) normalize(s.site), s.timezone, s.visit_gap + interval '1 microsecond'
    from visitord.site s
    where s.site is not normalized
    order by normalize(s.site), s.site
    on conflict (site) do update set visit_gap = known.visit_gap + interval '1 microsecond';

    update visitord.site s
    set visit_gap = s.visit_gap + interval '1 microsecond'
    where s.site in (
        select normalize(g.site) from visitord.sighting g where g.camera is not normalized
        union
        select normalize(v.site) from visitord.visit v where v.last_camera is not normalized
    );

    -- What log and replays say.
    update visitord.sighting
    set site = normalize(site), camera = normalize(camera), box = normalize(box)
    where site is not normalized or camera is not normalized or box is not normalized;

    update visitord.visit
    set site = normalize(site),
        last_camera = normalize(last_camera),
        cameras = array(
            select normalize(c.camera)
            from unnest(cameras) with ordinality c (camera, place)
            group by normalize(c.camera)
            order by min(c.place)
        )
    where site is not normalized or array_to_string(cameras, ' ') is not normalized;

    update visitord.replay
    set site = normalize(site),
        cameras = array(select normalize(c.camera) from unnest(cameras) with ordinality c (camera, place) order by c.place)
    where site is not normalized or array_to_string(cameras, ' ') is not normalized;

    update visitord.template set box = normalize(box) where box is not normalized;
    update visitord.erased set box = normalize(box) where box is not normalized;

    -- Of two that are the same now, the later one stays.
    delete from visitord.camera c
    using visitord.camera other
    where normalize(other.site) = normalize(c.site) and normalize(other.camera) = normalize(c.camera)
    and (other.reported_at, other.site, other.camera) > (c.reported_at, c.site, c.camera);

    update visitord.camera
    set site = normalize(site), camera = normalize(camera), box = normalize(box)
    where site is not normalized or camera is not normalized or box is not normalized;

    delete from visitord.camera_change c
    using visitord.camera_change other
    where normalize(other.site) = normalize(c.site) and normalize(other.camera) = normalize(c.camera)
    and other.changed_at = c.changed_at and (other.site, other.camera) > (c.site, c.camera);

    update visitord.camera_change
    set site = normalize(site), camera = normalize(camera), box = normalize(box)
    where site is not normalized or camera is not normalized or box is not normalized;

    delete from visitord.calibration c
    using visitord.calibration other
    where normalize(other.site) = normalize(c.site) and other.pack = c.pack
    and (other.applied_at, other.site) > (c.applied_at, c.site);

    update visitord.calibration set site = normalize(site) where site is not normalized;

    delete from visitord.site where site is not normalized;
end
$$;
