namespace FuncLimiter.Gateway.Operations.Recording;

/// <summary>Where the lines of a record are kept.</summary>
internal interface IRecordSink
{
    /// <summary>How long lines gather before they are kept: what a process that is killed loses at most.</summary>
    TimeSpan Gathering { get; }

    /// <summary>Whether lines that could not be kept can be given again, and none of them stands there twice; else how much was kept is not known.</summary>
    bool TakesAgain { get; }

    /// <summary>Begins; done means that lines can be kept.</summary>
    /// <param name="head">Makes the line with which each file begins.</param>
    /// <exception cref="IOException">They can't.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not.</exception>
    Task OpenAsync(Func<byte[]> head, CancellationToken cancellationToken);

    /// <summary>Keeps lines behind those that are kept; done means kept.</summary>
    /// <param name="lines">The lines, each with its end; at most <see cref="CallRecorder.MostBytes"/> together.</param>
    /// <exception cref="IOException">They could not be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not be kept.</exception>
    Task AppendAsync(IReadOnlyList<byte[]> lines, CancellationToken cancellationToken);

    /// <summary>Copies all that is kept, older files first.</summary>
    /// <param name="to">Where to.</param>
    Task CopyAsync(Stream to, CancellationToken cancellationToken);
}
