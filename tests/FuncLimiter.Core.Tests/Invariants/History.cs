using FsCheck;
using FsCheck.Fluent;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>What happens in one step of a history.</summary>
internal enum StepKind
{
    /// <summary>A call is handed in.</summary>
    Submit,

    /// <summary>Several calls of one kind are handed in at once.</summary>
    Burst,

    /// <summary>A call under way is settled.</summary>
    Settle,

    /// <summary>All calls under way are settled.</summary>
    SettleAll,

    /// <summary>A response of a call under way is reported.</summary>
    Observe,

    /// <summary>A call that is over is settled once more.</summary>
    SettleAgain,

    /// <summary>A person closes a deployment or an account for a while.</summary>
    Close,

    /// <summary>A waiting call is given up.</summary>
    Cancel,

    /// <summary>The machine's clock is set back.</summary>
    ClockBack,

    /// <summary>The machine's clock jumps, forwards or backwards, within the bound.</summary>
    ClockJump,

    /// <summary>Somebody else uses the key, and then a call of ours does.</summary>
    Outsider,

    /// <summary>A checkpoint is begun.</summary>
    BeginCheckpoint,

    /// <summary>The checkpoint begun is on the disk.</summary>
    KeepCheckpoint,

    /// <summary>The limiter learns that it is.</summary>
    ConfirmCheckpoint,

    /// <summary>The process dies and another starts from what is on the disk.</summary>
    Crash,
}

/// <summary>One step: time passes, then something happens. The numbers are read by whoever plays it.</summary>
/// <param name="Kind">What.</param>
/// <param name="GapMs">Milliseconds since the step before.</param>
/// <param name="Who">Which call, tenant, user, class.</param>
/// <param name="Size">How much.</param>
/// <param name="How">In which way.</param>
internal sealed record Step(StepKind Kind, int GapMs, int Who, int Size, int How);

/// <summary>A random world, by its seed, and what happens in it.</summary>
internal sealed record History(int World, Step[] Steps)
{
    public override string ToString() => $"world {World}:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", Steps.Select(step => step.ToString()))}";

    /// <summary>Random histories of some length, made of the given kinds of step in the given frequencies.</summary>
    public static Arbitrary<History> Of(int mostSteps, params (StepKind Kind, int Weight)[] kinds) => Arb.From(
        from world in Gen.Choose(0, int.MaxValue - 1)
        from tape in Gen.Choose(0, int.MaxValue - 1)
        from length in Gen.Choose(1, mostSteps)
        select new History(world, Roll(new Random(tape), length, kinds)),
        Shrink);

    private static Step[] Roll(Random random, int length, (StepKind Kind, int Weight)[] kinds)
    {
        var total = kinds.Sum(kind => kind.Weight);
        var steps = new Step[length];
        for (var i = 0; i < length; i++)
        {
            var at = random.Next(total);
            var kind = kinds.First(candidate => (at -= candidate.Weight) < 0).Kind;
            var gap = random.Next(10) switch { < 4 => 0, < 8 => random.Next(1000), 8 => random.Next(10_000), _ => random.Next(60_000) };
            steps[i] = new(kind, gap, random.Next(1 << 20), random.Next(1 << 20), random.Next(1 << 20));
        }

        return steps;
    }

    private static IEnumerable<History> Shrink(History history)
    {
        var steps = history.Steps;
        for (var size = steps.Length / 2; size > 0; size /= 2)
        {
            for (var from = 0; from + size <= steps.Length; from += size)
            {
                yield return history with { Steps = [.. steps[..from], .. steps[(from + size)..]] };
            }
        }

        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i].GapMs > 0)
            {
                Step[] sooner = [.. steps];
                sooner[i] = steps[i] with { GapMs = steps[i].GapMs / 2 };
                yield return history with { Steps = sooner };
            }
        }
    }
}
