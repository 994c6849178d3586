using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Identity.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Backchannel : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "DeclinesRequestsSince",
                schema: "identity",
                table: "users",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "Nonce",
                schema: "identity",
                table: "passkey_ceremonies",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "BackchannelDelivery",
                schema: "identity",
                table: "clients",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "BackchannelNotificationEndpoint",
                schema: "identity",
                table: "clients",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "BackchannelSigningAlgorithm",
                schema: "identity",
                table: "clients",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "backchannel_requests",
                schema: "identity",
                columns: table => new
                {
                    Hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    ConsentId = table.Column<string>(type: "text", nullable: false),
                    UserId = table.Column<Guid>(type: "uuid", nullable: false),
                    Parameters = table.Column<string>(type: "json", nullable: false),
                    BindingMessage = table.Column<string>(type: "text", nullable: true),
                    CreatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ExpiresAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Interval = table.Column<int>(type: "integer", nullable: false),
                    NextPollAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    DecidedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    Outcome = table.Column<string>(type: "text", nullable: true),
                    GrantId = table.Column<Guid>(type: "uuid", nullable: true),
                    RedeemedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    Notification = table.Column<byte[]>(type: "bytea", nullable: true),
                    NotifyAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    NotifyTries = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_backchannel_requests", x => x.Hash);
                });

            migrationBuilder.CreateIndex(
                name: "IX_backchannel_requests_ConsentId",
                schema: "identity",
                table: "backchannel_requests",
                column: "ConsentId",
                unique: true,
                filter: "\"DecidedAt\" IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_backchannel_requests_ExpiresAt",
                schema: "identity",
                table: "backchannel_requests",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_backchannel_requests_Id",
                schema: "identity",
                table: "backchannel_requests",
                column: "Id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_backchannel_requests_NotifyAt",
                schema: "identity",
                table: "backchannel_requests",
                column: "NotifyAt",
                filter: "\"NotifyAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_backchannel_requests_UserId_CreatedAt",
                schema: "identity",
                table: "backchannel_requests",
                columns: new[] { "UserId", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_backchannel_requests_waiting",
                schema: "identity",
                table: "backchannel_requests",
                column: "ExpiresAt",
                filter: "\"DecidedAt\" IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "backchannel_requests",
                schema: "identity");

            migrationBuilder.DropColumn(
                name: "DeclinesRequestsSince",
                schema: "identity",
                table: "users");

            migrationBuilder.DropColumn(
                name: "Nonce",
                schema: "identity",
                table: "passkey_ceremonies");

            migrationBuilder.DropColumn(
                name: "BackchannelDelivery",
                schema: "identity",
                table: "clients");

            migrationBuilder.DropColumn(
                name: "BackchannelNotificationEndpoint",
                schema: "identity",
                table: "clients");

            migrationBuilder.DropColumn(
                name: "BackchannelSigningAlgorithm",
                schema: "identity",
                table: "clients");
        }
    }
}
