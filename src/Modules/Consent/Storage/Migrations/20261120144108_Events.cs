using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Events : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "event_subscriptions",
                schema: "consent",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    CallbackUrl = table.Column<string>(type: "text", nullable: true),
                    Version = table.Column<string>(type: "character varying(10)", maxLength: 10, nullable: false),
                    EventTypes = table.Column<string[]>(type: "text[]", nullable: true),
                    Urns = table.Column<string[]>(type: "text[]", nullable: true),
                    PushAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Failures = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_event_subscriptions", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "events",
                schema: "consent",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    Sequence = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    Type = table.Column<string>(type: "text", nullable: false),
                    ResourceType = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    ResourceId = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    Path = table.Column<string>(type: "text", nullable: false),
                    Reason = table.Column<string>(type: "text", nullable: true),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Transaction = table.Column<Guid>(type: "uuid", nullable: false),
                    PushFor = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    Tries = table.Column<int>(type: "integer", nullable: false),
                    Problem = table.Column<string>(type: "character varying(512)", maxLength: 512, nullable: true),
                    GivenUpAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    RejectedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_events", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_event_subscriptions_ClientId",
                schema: "consent",
                table: "event_subscriptions",
                column: "ClientId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_event_subscriptions_PushAt",
                schema: "consent",
                table: "event_subscriptions",
                column: "PushAt",
                filter: "\"CallbackUrl\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_events_At",
                schema: "consent",
                table: "events",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_events_ClientId_Sequence",
                schema: "consent",
                table: "events",
                columns: new[] { "ClientId", "Sequence" },
                filter: "\"RejectedAt\" IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_events_PushFor_Sequence",
                schema: "consent",
                table: "events",
                columns: new[] { "PushFor", "Sequence" },
                filter: "\"PushFor\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_events_Sequence",
                schema: "consent",
                table: "events",
                column: "Sequence",
                filter: "\"GivenUpAt\" IS NOT NULL OR \"RejectedAt\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "event_subscriptions",
                schema: "consent");

            migrationBuilder.DropTable(
                name: "events",
                schema: "consent");
        }
    }
}
