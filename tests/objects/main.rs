//! The behaviour that Sealift needs of an object store, tested on every store that Sealift supports. If a store differs
//! from S3, [`quirks`] says so, and the tests check the difference too.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod multipart;
#[cfg(test)]
mod presigned_get;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod single;

/// Makes a test of every case on every store.
#[cfg(test)]
macro_rules! objects_behave {
    ($($about:ident: $($case:ident),+;)+) => {
        objects_behave!(on embedded, $($about: $($case),+;)+);
        objects_behave!(on garage, $($about: $($case),+;)+);
    };
    (on $store:ident, $($about:ident: $($case:ident),+;)+) => {
        mod $store {
            $($(
                #[tokio::test]
                async fn $case() {
                    let bench = crate::bench::Bench::$store().await.unwrap();
                    crate::$about::$case(&bench).await;
                }
            )+)+
        }
    };
}

#[cfg(test)]
objects_behave! {
    signatures:
        the_store_passes_the_probe_and_nothing_of_it_stays,
        only_the_signed_bytes_are_accepted_as_a_part,
        an_expired_url_is_refused,
        requests_without_a_signature_are_refused,
        pages_of_the_allowed_origin_may_put;
    single:
        only_the_signed_bytes_are_accepted_as_an_object,
        an_object_is_put_once,
        the_sha256_of_an_object_is_returned;
    multipart:
        parts_are_listed_by_number_with_length_and_sha256,
        more_than_a_thousand_parts_are_listed,
        a_part_sent_twice_is_one_part,
        part_numbers_out_of_range_are_refused,
        a_missing_part_is_not_completed,
        a_part_with_another_checksum_is_not_completed,
        parts_that_are_too_small_are_not_completed,
        an_aborted_upload_id_is_dead,
        a_completed_upload_id_is_dead,
        an_upload_id_belongs_to_its_key;
    listing:
        unfinished_uploads_are_listed_under_the_prefix_only,
        more_than_a_thousand_objects_are_listed_page_by_page,
        a_prefix_is_marked_by_one_deployment;
    reading:
        a_range_comes_back_exactly,
        another_etag_is_refused,
        what_is_deleted_is_gone,
        versions_are_named_where_there_are_any;
    presigned_get:
        a_signed_object_is_given_whole_and_by_ranges,
        a_signed_get_is_good_for_nothing_else,
        r6_another_object_is_not_given_for_the_signed_one,
        pages_of_the_allowed_origin_may_get;
}
