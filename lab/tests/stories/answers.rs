use crate::scene::{Scene, secs};
use anyhow::Result;
use std::f64::consts::TAU;

const PHONE: &str = "+380501234567";
/// Asterisk 22 gives a callee's plain BYE the cause 0, "Unknown", and no SIP code; 16 is its own
/// hanging up.
const HUNG_UP_BY_CALLEE: (i64, Option<i64>) = (0, None);

#[tokio::test]
async fn a_phone_answers_and_presses_1() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let expected = carrier.expect_call(PHONE).on_trunk("a").press('1');
    let channel = scene.dial(PHONE, 20).await?;
    let call = expected.await?;
    assert_eq!(call.caller_id().as_deref(), Some("+14155550100"));
    assert_eq!(call.pbx_port(), scene.lab.pbx(0).sip_port());
    scene.event("StasisStart", &channel).await?;
    let pressed = scene.event("ChannelDtmfReceived", &channel).await?;
    assert_eq!(pressed["digit"], "1");
    scene.ari.delete(&format!("channels/{channel}")).await?.expect("hang up")?;
    call.expect_hung_up(secs(10)).await?;
    assert_eq!(scene.end_of(&channel).await?.0, 16);
    Ok(())
}

#[tokio::test]
async fn keys_come_in_order_with_the_pauses_between_them() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let pause = std::time::Duration::from_millis(400);
    let _ = carrier.when_called(PHONE).answer().press_after(pause, '3').press_after(pause, '#').press('1');
    let channel = scene.dial(PHONE, 20).await?;
    for key in ["3", "#", "1"] {
        assert_eq!(scene.event("ChannelDtmfReceived", &channel).await?["digit"], key);
    }
    let call = carrier.expect_call(PHONE).await?;
    // The event of a key may overtake the answer to its INFO.
    call.expect_key('1', secs(10)).await?;
    assert_eq!(call.keys(), ['3', '#', '1']);
    // And what the story did not foresee can still be told.
    call.press('9').await?;
    assert_eq!(scene.event("ChannelDtmfReceived", &channel).await?["digit"], "9");
    call.hang_up().await?;
    assert_eq!(scene.end_of(&channel).await?, HUNG_UP_BY_CALLEE);
    Ok(())
}

#[tokio::test]
async fn an_answering_machine_says_nothing_until_it_is_told_to_hang_up() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).answer();
    let channel = scene.dial(PHONE, 20).await?;
    let call = carrier.expect_call(PHONE).await?;
    call.expect_answered(secs(10)).await?;
    scene.event("StasisStart", &channel).await?;
    call.hang_up().await?;
    assert_eq!(scene.end_of(&channel).await?, HUNG_UP_BY_CALLEE);
    assert!(call.keys().is_empty());
    Ok(())
}

#[tokio::test]
async fn somebody_answers_and_hangs_up_at_once() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).answer().hang_up_after(secs(0));
    let channel = scene.dial(PHONE, 20).await?;
    let call = carrier.expect_call(PHONE).await?;
    call.expect_hung_up_by_callee(secs(10)).await?;
    assert_eq!(scene.end_of(&channel).await?, HUNG_UP_BY_CALLEE);
    Ok(())
}

#[tokio::test]
async fn a_slow_phone_rings_as_long_as_it_was_told() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).ringing(secs(2)).answer();
    let channel = scene.dial(PHONE, 20).await?;
    let call = carrier.expect_call(PHONE).await?;
    let answered = call.expect_answered(secs(20)).await?;
    assert!(answered.duration_since(call.invited_at()) >= secs(2), "{}", call.story());
    scene.event("StasisStart", &channel).await?;
    Ok(())
}

/// The prompt lies below the run directory, which Asterisk's root knows under the same path.
#[tokio::test]
async fn a_prompt_is_heard_by_its_absolute_path() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).answer();
    let prompt = scene.lab.dir().join("prompt");
    std::fs::write(prompt.with_extension("wav"), one_second_of_tone())?;
    let channel = scene.dial(PHONE, 20).await?;
    scene.event("StasisStart", &channel).await?;
    let media = format!("sound:{}", prompt.display());
    scene.ari.post(&format!("channels/{channel}/play"), &[("media", &media)]).await?.expect("play")?;
    let call = carrier.expect_call(PHONE).await?;
    call.expect_voice(40, secs(20)).await?;
    Ok(())
}

/// 8 kHz, 16 bits, mono.
fn one_second_of_tone() -> Vec<u8> {
    let samples: Vec<u8> = (0..8000_u32)
        .map(|n| ((f64::from(n) * 440.0 / 8000.0 * TAU).sin() * 8000.0) as i16)
        .flat_map(i16::to_le_bytes)
        .collect();
    let length = samples.len() as u32;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0, 1, 0]);
    wav.extend(8000_u32.to_le_bytes());
    wav.extend(16000_u32.to_le_bytes());
    wav.extend([2, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    wav.extend(samples);
    wav
}
