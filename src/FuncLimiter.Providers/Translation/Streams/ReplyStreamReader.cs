namespace FuncLimiter.Providers.Translation.Streams;

/// <summary>Takes a provider's streamed answer apart, whose bytes arrive cut anywhere, in bounded memory.</summary>
/// <param name="writer">Where what it says goes.</param>
internal abstract class ReplyStreamReader(ReplyStreamWriter writer)
{
    /// <summary>Where what it says goes.</summary>
    protected ReplyStreamWriter Writer => writer;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="TranslationException">They hold what can't be put into the caller's API.</exception>
    public abstract void Append(ReadOnlySpan<byte> chunk);

    /// <summary>The provider closed the stream: where the model had stopped by then, nothing is missing.</summary>
    public virtual void Complete()
    {
        if (writer.HasStopped)
        {
            writer.End();
        }
    }
}
